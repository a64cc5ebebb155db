package dev.wick.engine.nd4j.host;

import dev.wick.engine.tensor.DType;
import dev.wick.engine.tensor.Layout;
import dev.wick.engine.tensor.Shape;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * An operand or result in host memory. Positions count elements from the first, as strides do.
 *
 * @param byteOffset where in the memory the first element lies
 */
public record HostTensor(MemorySegment memory, long byteOffset, DType dtype, Layout layout) {

  /** Extents. */
  public Shape shape() {
    return layout.shape();
  }

  float f32(long position) {
    return memory.get(ValueLayout.JAVA_FLOAT_UNALIGNED, byteOffset + 4 * position);
  }

  void setF32(long position, float value) {
    memory.set(ValueLayout.JAVA_FLOAT_UNALIGNED, byteOffset + 4 * position, value);
  }

  /** The I32 element at a position, or the bits of an F32 one. */
  public int i32(long position) {
    return memory.get(ValueLayout.JAVA_INT_UNALIGNED, byteOffset + 4 * position);
  }

  void setI32(long position, int value) {
    memory.set(ValueLayout.JAVA_INT_UNALIGNED, byteOffset + 4 * position, value);
  }

  boolean bool(long position) {
    return memory.get(ValueLayout.JAVA_BYTE, byteOffset + position) != 0;
  }

  void setBool(long position, boolean value) {
    memory.set(ValueLayout.JAVA_BYTE, byteOffset + position, (byte) (value ? 1 : 0));
  }

  short i16(long position) {
    return memory.get(ValueLayout.JAVA_SHORT_UNALIGNED, byteOffset + 2 * position);
  }

  void setI16(long position, short value) {
    memory.set(ValueLayout.JAVA_SHORT_UNALIGNED, byteOffset + 2 * position, value);
  }

  /** Copies elements that lie next to each other, as they are stored. */
  void copyRun(long position, HostTensor source, long sourcePosition, long count) {
    long unit = dtype.blockBytes();
    MemorySegment.copy(
        source.memory,
        source.byteOffset + unit * sourcePosition,
        memory,
        byteOffset + unit * position,
        unit * count);
  }

  /** Copies F32 elements that a stride apart to places next to each other. */
  public void copyRow(
      long position, HostTensor source, long sourcePosition, long stride, long count) {
    if (stride == 1) {
      copyRun(position, source, sourcePosition, count);
      return;
    }
    for (long i = 0; i < count; i++) {
      setF32(position + i, source.f32(sourcePosition + i * stride));
    }
  }

  /** Sets F32 elements that lie next to each other. */
  public void fillRow(long position, long count, float value) {
    for (long i = 0; i < count; i++) {
      setF32(position + i, value);
    }
  }

  /** Sets all F32 elements of a contiguous layout. */
  public void fill(float value) {
    fillRow(0, shape().size(), value);
  }
}
