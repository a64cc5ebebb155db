package dev.wick.engine.nd4j.host;

import dev.wick.engine.tensor.BFloat16;
import dev.wick.engine.tensor.DType;
import dev.wick.engine.tensor.QuantizedBlock;

/** Conversion between element types. */
public final class CastLoops {
  private CastLoops() {}

  /** Conversion between F32, F16, BF16, I32 and BOOL. */
  public static Kernel cast(HostTensor x, HostTensor out) {
    RowWalk walk = new RowWalk(out.shape(), x.layout());
    long step = walk.stride(0);
    ElementwiseLoops.Output to = new ElementwiseLoops.Output();
    return to.kernel(
        walk,
        (at, count) -> {
          long target = to.take(count);
          for (long i = 0; i < count; i++) {
            set(out, target + i, number(x, at[0] + i * step));
          }
        });
  }

  /** An element as F64, in which all of these types are exact. */
  private static double number(HostTensor x, long position) {
    return switch (x.dtype()) {
      case F32 -> x.f32(position);
      case F16 -> Float.float16ToFloat(x.i16(position));
      case BF16 -> BFloat16.toFloat(x.i16(position));
      case I32 -> x.i32(position);
      case BOOL -> x.bool(position) ? 1 : 0;
      default -> throw unexpected(x.dtype());
    };
  }

  private static void set(HostTensor out, long position, double number) {
    switch (out.dtype()) {
      case F32 -> out.setF32(position, (float) number);
      case F16 -> out.setI16(position, Float.floatToFloat16((float) number));
      case BF16 -> out.setI16(position, BFloat16.fromFloat((float) number));
      case I32 -> out.setI32(position, (int) number);
      case BOOL -> out.setBool(position, number != 0);
      default -> throw unexpected(out.dtype());
    }
  }

  private static IllegalArgumentException unexpected(DType dtype) {
    return new IllegalArgumentException("cast: expected numbers, got " + dtype);
  }

  /** Contiguous blocks of a quantised type, to F32. */
  public static Kernel dequantize(HostTensor x, HostTensor out) {
    if (!x.layout().isContiguous()) {
      throw new IllegalArgumentException(
          "dequantize: expected contiguous blocks, got " + x.layout());
    }
    QuantizedBlock block = new QuantizedBlock(x.dtype());
    int elements = x.dtype().blockElements();
    return () -> {
      long blocks = out.shape().size() / elements;
      for (long b = 0; b < blocks; b++) {
        block.read(x.memory(), x.byteOffset() + b * x.dtype().blockBytes());
        block.toFloat(out.memory(), out.byteOffset() + 4 * b * elements);
      }
    };
  }
}
