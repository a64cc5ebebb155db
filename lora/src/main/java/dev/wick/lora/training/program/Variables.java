package dev.wick.lora.training.program;

import dev.wick.engine.Tensor;
import dev.wick.engine.autodiff.Tape;
import dev.wick.engine.model.Linear;
import dev.wick.engine.op.Expr;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.UnaryOperator;

/** The trained tensors as one tape sees them: each watched once, when it is first used. */
final class Variables {
  private final DeviceState state;
  private final Optional<Tape> tape;
  private final Map<Integer, Expr> watched = new TreeMap<>();

  /**
   * The tensors on a tape, or as constants without one.
   *
   * @param state where they lie
   */
  Variables(DeviceState state, Optional<Tape> tape) {
    this.state = state;
    this.tape = tape;
  }

  /** A trained tensor, by its index. */
  Expr get(int index) {
    return tape.isEmpty()
        ? constant(index)
        : watched.computeIfAbsent(index, i -> tape.get().watch(constant(i)));
  }

  /** A trained tensor that no gradient flows to. */
  Tensor constant(int index) {
    return state.tensor(index);
  }

  /** The squared norms of the rows of a frozen weight, [out]. */
  Tensor squaredNorms(Linear layer) {
    return state.squaredNorms(layer);
  }

  /** Applies a block, of which the tape keeps only the input. */
  Expr checkpoint(Expr x, UnaryOperator<Expr> block) {
    return tape.isEmpty()
        ? block.apply(x)
        : tape.get()
            .checkpoint(inputs -> List.of(block.apply(inputs.getFirst())), List.of(x))
            .getFirst();
  }

  /** Those used so far, by index. */
  Map<Integer, Expr> watched() {
    return watched;
  }
}
