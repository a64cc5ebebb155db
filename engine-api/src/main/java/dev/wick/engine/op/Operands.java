package dev.wick.engine.op;

import dev.wick.engine.tensor.DType;
import dev.wick.engine.tensor.TensorSpec;
import java.util.List;

/** Checks that shape rules share, with one message format. */
final class Operands {
  private Operands() {}

  static void count(Op op, List<TensorSpec> operands, int expected) {
    check(op, operands, operands.size() == expected, expected + " operands");
  }

  static void dtype(Op op, List<TensorSpec> operands, int index, DType expected) {
    if (operands.get(index).dtype() != expected) {
      throw mismatch(op, operands, "operand %d in %s".formatted(index, expected));
    }
  }

  static void rank(Op op, List<TensorSpec> operands, int index, int expected) {
    if (operands.get(index).shape().rank() != expected) {
      throw mismatch(op, operands, "operand %d of rank %d".formatted(index, expected));
    }
  }

  static void check(Op op, List<TensorSpec> operands, boolean holds, String expected) {
    if (!holds) {
      throw mismatch(op, operands, expected);
    }
  }

  /** Whether this is a quantised type whose rows along the last axis are whole blocks. */
  static boolean isBlocked(TensorSpec spec) {
    return spec.dtype().isQuantized()
        && spec.shape().rank() >= 1
        && spec.shape().extent(-1) % spec.dtype().blockElements() == 0;
  }

  private static IllegalArgumentException mismatch(
      Op op, List<TensorSpec> operands, String expected) {
    return new IllegalArgumentException(
        "%s: expected %s, got %s".formatted(op.name(), expected, operands));
  }
}
