package dev.wick.engine.nd4j.host;

import dev.wick.engine.op.Binary;
import dev.wick.engine.op.Compare;
import dev.wick.engine.op.Unary;
import dev.wick.engine.tensor.DType;

/** Operations that look at one element at a time, in any layout. */
public final class ElementwiseLoops {
  private ElementwiseLoops() {}

  /** A function of each F32 element. */
  public static Kernel unary(Unary.Kind kind, HostTensor x, HostTensor out) {
    RowWalk walk = new RowWalk(out.shape(), x.layout());
    long step = walk.stride(0);
    FloatFunction function = function(kind);
    Output to = new Output();
    RowWalk.RunLoop loop =
        (at, count) -> {
          long target = to.take(count);
          for (long i = 0; i < count; i++) {
            out.setF32(target + i, function.apply(x.f32(at[0] + i * step)));
          }
        };
    return to.kernel(walk, loop);
  }

  private static FloatFunction function(Unary.Kind kind) {
    return switch (kind) {
      case NEG -> x -> -x;
      case ABS -> Math::abs;
      case SQUARE -> x -> x * x;
      case SQRT -> x -> (float) Math.sqrt(x);
      case RSQRT -> x -> (float) (1 / Math.sqrt(x));
      case RECIPROCAL -> x -> 1 / x;
      case EXP -> x -> (float) Math.exp(x);
      case LOG -> x -> (float) Math.log(x);
      case SIN -> x -> (float) Math.sin(x);
      case COS -> x -> (float) Math.cos(x);
      case TANH -> x -> (float) Math.tanh(x);
      case SIGMOID -> x -> (float) (1 / (1 + Math.exp(-x)));
      case SILU -> ElementwiseLoops::silu;
    };
  }

  static float silu(float x) {
    return (float) (x / (1 + Math.exp(-(double) x)));
  }

  /** A function of two elements under broadcasting. */
  public static Kernel binary(Binary.Kind kind, HostTensor x, HostTensor y, HostTensor out) {
    RowWalk walk = new RowWalk(out.shape(), x.layout(), y.layout());
    long left = walk.stride(0);
    long right = walk.stride(1);
    Output to = new Output();
    if (out.dtype() == DType.I32) {
      return to.kernel(
          walk,
          (at, count) -> {
            long target = to.take(count);
            for (long i = 0; i < count; i++) {
              int a = x.i32(at[0] + i * left);
              int b = y.i32(at[1] + i * right);
              out.setI32(target + i, function(kind, a, b));
            }
          });
    }
    return to.kernel(
        walk,
        (at, count) -> {
          long target = to.take(count);
          long a = at[0];
          long b = at[1];
          // One loop per function, so that the compiler sees each whole.
          switch (kind) {
            case ADD -> {
              for (long i = 0; i < count; i++) {
                out.setF32(target + i, x.f32(a + i * left) + y.f32(b + i * right));
              }
            }
            case SUB -> {
              for (long i = 0; i < count; i++) {
                out.setF32(target + i, x.f32(a + i * left) - y.f32(b + i * right));
              }
            }
            case MUL -> {
              for (long i = 0; i < count; i++) {
                out.setF32(target + i, x.f32(a + i * left) * y.f32(b + i * right));
              }
            }
            case DIV -> {
              for (long i = 0; i < count; i++) {
                out.setF32(target + i, x.f32(a + i * left) / y.f32(b + i * right));
              }
            }
            case MAX -> {
              for (long i = 0; i < count; i++) {
                out.setF32(target + i, Math.max(x.f32(a + i * left), y.f32(b + i * right)));
              }
            }
            case MIN -> {
              for (long i = 0; i < count; i++) {
                out.setF32(target + i, Math.min(x.f32(a + i * left), y.f32(b + i * right)));
              }
            }
            case POW -> {
              for (long i = 0; i < count; i++) {
                double power = Math.pow(x.f32(a + i * left), y.f32(b + i * right));
                out.setF32(target + i, (float) power);
              }
            }
          }
        });
  }

  private static int function(Binary.Kind kind, int x, int y) {
    return switch (kind) {
      case ADD -> x + y;
      case SUB -> x - y;
      case MUL -> x * y;
      case DIV -> {
        if (y == 0) {
          throw new IllegalArgumentException("div: expected divisors other than 0, got 0");
        }
        yield x / y;
      }
      case MAX -> Math.max(x, y);
      case MIN -> Math.min(x, y);
      case POW -> throw new IllegalArgumentException("pow: expected F32 operands, got I32");
    };
  }

  /** A comparison of two F32 or two I32 elements under broadcasting. */
  public static Kernel compare(Compare.Kind kind, HostTensor x, HostTensor y, HostTensor out) {
    RowWalk walk = new RowWalk(out.shape(), x.layout(), y.layout());
    long left = walk.stride(0);
    long right = walk.stride(1);
    boolean integers = x.dtype() == DType.I32;
    Output to = new Output();
    return to.kernel(
        walk,
        (at, count) -> {
          long target = to.take(count);
          for (long i = 0; i < count; i++) {
            long a = at[0] + i * left;
            long b = at[1] + i * right;
            // Both types are exact in F64.
            double u = integers ? x.i32(a) : x.f32(a);
            double v = integers ? y.i32(b) : y.f32(b);
            out.setBool(target + i, holds(kind, u, v));
          }
        });
  }

  private static boolean holds(Compare.Kind kind, double x, double y) {
    return switch (kind) {
      case EQ -> x == y;
      case NE -> x != y;
      case LT -> x < y;
      case LE -> x <= y;
      case GT -> x > y;
      case GE -> x >= y;
    };
  }

  /** A choice between two elements of four bytes under broadcasting. */
  public static Kernel select(
      HostTensor condition, HostTensor ifTrue, HostTensor ifFalse, HostTensor out) {
    RowWalk walk = new RowWalk(out.shape(), condition.layout(), ifTrue.layout(), ifFalse.layout());
    long step = walk.stride(0);
    long left = walk.stride(1);
    long right = walk.stride(2);
    Output to = new Output();
    return to.kernel(
        walk,
        (at, count) -> {
          long target = to.take(count);
          for (long i = 0; i < count; i++) {
            boolean chosen = condition.bool(at[0] + i * step);
            int bits = chosen ? ifTrue.i32(at[1] + i * left) : ifFalse.i32(at[2] + i * right);
            out.setI32(target + i, bits);
          }
        });
  }

  /** {@code silu(gate) * up} of one shape. */
  public static Kernel swiGlu(HostTensor gate, HostTensor up, HostTensor out) {
    RowWalk walk = new RowWalk(out.shape(), gate.layout(), up.layout());
    long left = walk.stride(0);
    long right = walk.stride(1);
    Output to = new Output();
    return to.kernel(
        walk,
        (at, count) -> {
          long target = to.take(count);
          for (long i = 0; i < count; i++) {
            float value = silu(gate.f32(at[0] + i * left)) * up.f32(at[1] + i * right);
            out.setF32(target + i, value);
          }
        });
  }

  /** A function of one number. */
  private interface FloatFunction {
    float apply(float x);
  }

  /** The place in a contiguous result up to which it is written. */
  static final class Output {
    private long next;

    long take(long count) {
      long start = next;
      next += count;
      return start;
    }

    Kernel kernel(RowWalk walk, RowWalk.RunLoop loop) {
      return () -> {
        next = 0;
        walk.forEach(loop);
      };
    }
  }
}
