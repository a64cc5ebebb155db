package dev.wick.engine.tck;

import dev.wick.engine.op.Dequantize;
import dev.wick.engine.op.Op;
import dev.wick.engine.op.PrimitiveOp;
import dev.wick.engine.tensor.DType;
import dev.wick.engine.tensor.TensorSpec;
import java.util.ArrayList;
import java.util.List;

/** Whether a backend has to have a kernel. */
enum Requirement {
  /** Primitives on F32, I32 and BOOL. */
  REQUIRED,
  /** Primitives on F16 and BF16: there unless a gap is declared. */
  EXPECTED,
  /** Fused operations, quantised types, and types that only move. */
  OPTIONAL;

  static Requirement of(Op op, List<TensorSpec> operands) {
    if (!(op instanceof PrimitiveOp) || op instanceof Dequantize) {
      return OPTIONAL;
    }
    List<TensorSpec> all = new ArrayList<>(operands);
    all.addAll(op.infer(operands));
    Requirement loosest = REQUIRED;
    for (TensorSpec spec : all) {
      Requirement here = of(spec.dtype());
      loosest = here.compareTo(loosest) > 0 ? here : loosest;
    }
    return loosest;
  }

  private static Requirement of(DType dtype) {
    return switch (dtype) {
      case F32, I32, BOOL -> REQUIRED;
      case F16, BF16 -> EXPECTED;
      default -> OPTIONAL;
    };
  }
}
