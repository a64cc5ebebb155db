package dev.wick.engine.nd4j;

import dev.wick.engine.nd4j.host.Kernel;
import dev.wick.engine.op.Binary;
import dev.wick.engine.op.Unary;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.api.ops.Op;
import org.nd4j.linalg.api.ops.impl.transforms.floating.RSqrt;
import org.nd4j.linalg.api.ops.impl.transforms.floating.Sqrt;
import org.nd4j.linalg.api.ops.impl.transforms.same.Abs;
import org.nd4j.linalg.api.ops.impl.transforms.same.Negative;
import org.nd4j.linalg.api.ops.impl.transforms.same.Reciprocal;
import org.nd4j.linalg.api.ops.impl.transforms.same.Square;
import org.nd4j.linalg.api.ops.impl.transforms.strict.Cos;
import org.nd4j.linalg.api.ops.impl.transforms.strict.Exp;
import org.nd4j.linalg.api.ops.impl.transforms.strict.Log;
import org.nd4j.linalg.api.ops.impl.transforms.strict.Sigmoid;
import org.nd4j.linalg.api.ops.impl.transforms.strict.Sin;
import org.nd4j.linalg.api.ops.impl.transforms.strict.Swish;
import org.nd4j.linalg.api.ops.impl.transforms.strict.Tanh;
import org.nd4j.linalg.factory.Nd4j;

/**
 * ND4J's own elementwise operations and reductions, on runs of F32 elements. The result is always
 * given: without one, several of these operations overwrite their operand.
 */
final class Nd4jKernels {
  private Nd4jKernels() {}

  static Kernel unary(Unary.Kind kind, Operand x, Operand out) {
    return legacy(unary(kind, x.vector(), out.vector()));
  }

  private static Op unary(Unary.Kind kind, INDArray x, INDArray z) {
    return switch (kind) {
      case NEG -> new Negative(x, z);
      case ABS -> new Abs(x, z);
      case SQUARE -> new Square(x, z);
      case SQRT -> new Sqrt(x, z);
      case RSQRT -> new RSqrt(x, z);
      case RECIPROCAL -> new Reciprocal(x, z);
      case EXP -> new Exp(x, z);
      case LOG -> new Log(x, z);
      case SIN -> new Sin(x, z);
      case COS -> new Cos(x, z);
      case TANH -> new Tanh(x, z);
      case SIGMOID -> new Sigmoid(x, z);
      case SILU -> new Swish(x, z);
    };
  }

  private static Kernel legacy(Op op) {
    return () -> Nd4j.getExecutioner().exec(op);
  }

  /** Whether ND4J's function is the one that is meant; its MAX and MIN pass over NaN. */
  static boolean has(Binary.Kind kind) {
    return switch (kind) {
      case ADD, SUB, MUL, DIV, POW -> true;
      case MAX, MIN -> false;
    };
  }

  /** A function of two elements, both operands of one shape. */
  static Kernel binary(Binary.Kind kind, Operand x, Operand y, Operand out) {
    String name =
        switch (kind) {
          case ADD -> "add";
          case SUB -> "subtract";
          case MUL -> "multiply";
          case DIV -> "divide";
          case POW -> "Pow";
          case MAX, MIN -> throw new IllegalArgumentException("nd4j: has no " + kind);
        };
    return new CustomOp(name).arrays(out.vector(), x.vector(), y.vector());
  }

  static Kernel softmax(Operand x, Operand out) {
    return new CustomOp("softmax").integers(1).arrays(out.rows(), x.rows());
  }

  /** Sums along the last axis. */
  static Kernel sum(Operand x, Operand out) {
    return new CustomOp("reduce_sum").integers(1).flags(false).arrays(out.vector(), x.rows());
  }

  static Kernel swiGlu(Operand gate, Operand up, Operand out) {
    Kernel silu = unary(Unary.Kind.SILU, gate, out);
    INDArray product = out.vector();
    Kernel multiply = new CustomOp("multiply").arrays(product, product, up.vector());
    return () -> {
      silu.run();
      multiply.run();
    };
  }
}
