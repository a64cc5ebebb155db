package dev.wick.engine.op;

import dev.wick.engine.tensor.DType;
import dev.wick.engine.tensor.TensorSpec;
import java.util.List;
import java.util.Objects;
import java.util.OptionalInt;

/**
 * Writes rows into a table in place: table F32 [rows, ...], indices I32 [n], updates F32 [n, ...];
 * the result is the table. SET with equal indices leaves one of the rows; ADD sums them. An index
 * outside the table is an error when the operation runs.
 *
 * <p>SET also writes into a table in Q8_0 whose rows are whole blocks, which is contiguous: the
 * updates are packed as {@link dev.wick.engine.tensor.Quantization#encodeOrNan} does, to the same
 * bytes.
 */
public record Scatter(Mode mode) implements PrimitiveOp {
  /** What happens to a row that is hit. */
  public enum Mode {
    SET,
    ADD
  }

  public Scatter {
    Objects.requireNonNull(mode, "mode");
  }

  @Override
  public String name() {
    return mode == Mode.ADD ? "scatter_add" : "scatter_set";
  }

  @Override
  public List<TensorSpec> infer(List<TensorSpec> operands) {
    Operands.count(this, operands, 3);
    TensorSpec table = operands.get(0);
    if (mode == Mode.ADD || !table.dtype().isQuantized()) {
      Operands.dtype(this, operands, 0, DType.F32);
    }
    Operands.dtype(this, operands, 1, DType.I32);
    Operands.dtype(this, operands, 2, DType.F32);
    Operands.rank(this, operands, 1, 1);
    TensorSpec updates = operands.get(2);
    Operands.check(
        this,
        operands,
        table.shape().rank() >= 1
            && updates.shape().equals(table.shape().with(0, operands.get(1).shape().extent(0))),
        "one row of the table per index");
    Operands.check(
        this,
        operands,
        !table.dtype().isQuantized()
            || (table.dtype() == DType.Q8_0
                && table.shape().rank() >= 2
                && Operands.isBlocked(table)),
        "a quantised table in Q8_0, whose rows are whole blocks");
    return List.of(table);
  }

  @Override
  public OptionalInt inPlaceOperand() {
    return OptionalInt.of(0);
  }
}
