package dev.wick.engine.spi;

import dev.wick.engine.op.Op;
import java.util.List;
import java.util.Objects;

/**
 * One operation with the places of its operands and results. Made by the engine, already inferred
 * and checked; backends read it through its accessors, so that it may gain components.
 *
 * @param results contiguous, except where the operation writes in place: that result is the
 *     operand's own view; may have the place of a contiguous operand that the operation says is
 *     {@link Op#replaceableOperand replaceable}
 */
public record OpCall(Op op, List<TensorView> operands, List<TensorView> results) {
  public OpCall {
    Objects.requireNonNull(op, "op");
    operands = List.copyOf(operands);
    results = List.copyOf(results);
  }
}
