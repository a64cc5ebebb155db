package dev.wick.backend.cpu.loop;

import dev.wick.engine.tensor.DType;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/** Little-endian layouts without alignment demands: checkpoints place tensors at any byte. */
public final class Layouts {
  public static final ValueLayout.OfFloat FLOAT =
      ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  public static final ValueLayout.OfInt INT =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  public static final ValueLayout.OfShort SHORT =
      ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  public static final ValueLayout.OfLong LONG =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  public static final ValueLayout.OfDouble DOUBLE =
      ValueLayout.JAVA_DOUBLE_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private Layouts() {}

  /** An F32, BF16 or F16 element, widened. */
  public static float element(MemorySegment segment, DType dtype, long offset) {
    return switch (dtype) {
      case F32 -> segment.get(FLOAT, offset);
      case BF16 -> Float.intBitsToFloat(segment.get(SHORT, offset) << 16);
      case F16 -> Float.float16ToFloat(segment.get(SHORT, offset));
      default -> throw new IllegalArgumentException("expected F32, BF16 or F16, got " + dtype);
    };
  }
}
