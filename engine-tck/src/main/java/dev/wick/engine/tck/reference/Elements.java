package dev.wick.engine.tck.reference;

import dev.wick.engine.tensor.DType;
import dev.wick.engine.tensor.Layout;
import dev.wick.engine.tensor.Shape;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * The elements of one operand or result. Positions count elements from the first, as strides do.
 */
record Elements(MemorySegment memory, long byteOffset, DType dtype, Layout layout) {

  Shape shape() {
    return layout.shape();
  }

  /** These elements repeated to a larger shape. */
  Elements broadcast(Shape target) {
    return new Elements(memory, byteOffset, dtype, layout.broadcast(target));
  }

  Cursor cursor() {
    return new Cursor(layout);
  }

  /** The element at a position, as a number; floats up to F64, I32 and BOOL are exact. */
  double number(long position) {
    long at = byte0(position);
    return switch (dtype) {
      case F64 -> memory.get(ValueLayout.JAVA_DOUBLE_UNALIGNED, at);
      case F32 -> memory.get(ValueLayout.JAVA_FLOAT_UNALIGNED, at);
      case F16 -> Float.float16ToFloat(memory.get(ValueLayout.JAVA_SHORT_UNALIGNED, at));
      case BF16 ->
          Float.intBitsToFloat(memory.get(ValueLayout.JAVA_SHORT_UNALIGNED, at) << Short.SIZE);
      case I32 -> memory.get(ValueLayout.JAVA_INT_UNALIGNED, at);
      case BOOL -> memory.get(ValueLayout.JAVA_BYTE, at) == 0 ? 0 : 1;
      default -> throw new IllegalArgumentException("reference: expected numbers, got " + dtype);
    };
  }

  /** The I32 element at a position. */
  int integer(long position) {
    return memory.get(ValueLayout.JAVA_INT_UNALIGNED, byte0(position));
  }

  /** Sets the element at a position to the nearest value of its type, as {@code Cast} says. */
  void set(long position, double number) {
    long at = byte0(position);
    switch (dtype) {
      case F64 -> memory.set(ValueLayout.JAVA_DOUBLE_UNALIGNED, at, number);
      case F32 -> memory.set(ValueLayout.JAVA_FLOAT_UNALIGNED, at, (float) number);
      case F16 ->
          memory.set(ValueLayout.JAVA_SHORT_UNALIGNED, at, Float.floatToFloat16((float) number));
      case BF16 -> memory.set(ValueLayout.JAVA_SHORT_UNALIGNED, at, bfloat16((float) number));
      case I32 -> memory.set(ValueLayout.JAVA_INT_UNALIGNED, at, (int) number);
      case BOOL -> memory.set(ValueLayout.JAVA_BYTE, at, (byte) (number == 0 ? 0 : 1));
      default -> throw new IllegalArgumentException("reference: expected numbers, got " + dtype);
    }
  }

  private static short bfloat16(float value) {
    int bits = Float.floatToRawIntBits(value);
    if (Float.isNaN(value)) {
      return (short) ((bits >>> Short.SIZE) | 0x40); // a quiet NaN stays one without its low bits
    }
    int roundToEven = 0x7fff + ((bits >>> Short.SIZE) & 1);
    return (short) ((bits + roundToEven) >>> Short.SIZE);
  }

  /** Copies neighbouring elements as they are stored, whatever the type. */
  void copy(long position, Elements source, long sourcePosition, long count) {
    MemorySegment.copy(
        source.memory,
        source.byteOffset + dtype.byteSize(sourcePosition),
        memory,
        byteOffset + dtype.byteSize(position),
        dtype.byteSize(count));
  }

  private long byte0(long position) {
    return byteOffset + position * dtype.blockBytes();
  }
}
