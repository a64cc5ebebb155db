package dev.wick.engine.op;

import dev.wick.engine.tensor.TensorSpec;
import java.util.List;
import java.util.OptionalInt;

/**
 * An operation on tensors, as a value: a record whose components are its attributes.
 *
 * <p>Primitives form a closed alphabet that every backend knows; fused operations are an open
 * vocabulary, each carrying its meaning in primitives.
 */
public sealed interface Op permits PrimitiveOp, FusedOp {
  /** Name in messages and reports, for example {@code rms_norm}. */
  String name();

  /**
   * Types and shapes of the results, after checking the operands. All validation of an operation
   * stands here, in front of every backend.
   *
   * @throws IllegalArgumentException if the operands do not fit, as {@code op: expected ..., got
   *     ...}
   */
  List<TensorSpec> infer(List<TensorSpec> operands);

  /** The operand whose storage the first result takes over, for operations that write in place. */
  default OptionalInt inPlaceOperand() {
    return OptionalInt.empty();
  }

  /**
   * An operand of the same type and shape whose memory may become that of a result, in a program
   * where nothing else needs it any more. Whatever computes the operation has read an element
   * before it writes there.
   */
  default OptionalInt replaceableOperand(int result) {
    return OptionalInt.empty();
  }
}
