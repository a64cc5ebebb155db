package dev.wick.engine.nd4j.host;

import dev.wick.engine.tensor.DType;

/** Conversion between element types. */
public final class CastLoops {
  private static final int QUANT_BLOCK = 32;

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
      case BF16 -> Float.intBitsToFloat(x.i16(position) << Short.SIZE);
      case I32 -> x.i32(position);
      case BOOL -> x.bool(position) ? 1 : 0;
      default -> throw unexpected(x.dtype());
    };
  }

  private static void set(HostTensor out, long position, double number) {
    switch (out.dtype()) {
      case F32 -> out.setF32(position, (float) number);
      case F16 -> out.setI16(position, Float.floatToFloat16((float) number));
      case BF16 -> out.setI16(position, bfloat16((float) number));
      case I32 -> out.setI32(position, (int) number);
      case BOOL -> out.setBool(position, number != 0);
      default -> throw unexpected(out.dtype());
    }
  }

  private static IllegalArgumentException unexpected(DType dtype) {
    return new IllegalArgumentException("cast: expected numbers, got " + dtype);
  }

  private static short bfloat16(float value) {
    int bits = Float.floatToRawIntBits(value);
    if (Float.isNaN(value)) {
      return (short) ((bits >>> Short.SIZE) | 0x40); // without its low bits it stays a quiet NaN
    }
    int roundToEven = 0x7fff + ((bits >>> Short.SIZE) & 1);
    return (short) ((bits + roundToEven) >>> Short.SIZE);
  }

  /** Whether blocks of a type can be expanded. */
  public static boolean expands(DType dtype) {
    return dtype == DType.Q8_0 || dtype == DType.Q4_0;
  }

  /** Blocks of Q8_0 or Q4_0, contiguous, to F32. */
  public static Kernel dequantize(HostTensor x, HostTensor out) {
    if (!x.layout().isContiguous()) {
      throw new IllegalArgumentException(
          "dequantize: expected contiguous blocks, got " + x.layout());
    }
    HostTensor bytes = new HostTensor(x.memory(), x.byteOffset(), DType.I8, x.layout());
    return () -> {
      long blocks = out.shape().size() / QUANT_BLOCK;
      for (long block = 0; block < blocks; block++) {
        dequantize(x.dtype(), bytes, block, out);
      }
    };
  }

  /** One block: a scale in F16, then bytes, or (Q4_0) pairs of which the low halves come first. */
  private static void dequantize(DType dtype, HostTensor bytes, long block, HostTensor out) {
    long start = block * dtype.blockBytes();
    int low = bytes.i8(start) & 0xff;
    float scale = Float.float16ToFloat((short) ((bytes.i8(start + 1) << Byte.SIZE) | low));
    for (int i = 0; i < QUANT_BLOCK; i++) {
      int quant;
      if (dtype == DType.Q8_0) {
        quant = bytes.i8(start + 2 + i);
      } else {
        int pair = bytes.i8(start + 2 + i % (QUANT_BLOCK / 2));
        quant = (i < QUANT_BLOCK / 2 ? pair & 15 : (pair >> 4) & 15) - 8;
      }
      out.setF32(block * QUANT_BLOCK + i, scale * quant);
    }
  }
}
