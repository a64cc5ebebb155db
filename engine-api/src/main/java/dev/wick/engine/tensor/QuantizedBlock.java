package dev.wick.engine.tensor;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/**
 * One block of a quantised type, unpacked: a small integer per element and, per group of
 * neighbours, a scale and for some types an offset, so that an element is {@code scale * quant +
 * offset}. Exactly the numbers of ggml's {@code dequantize_row} functions, which GGUF files mean.
 *
 * <p>Read again for each block; one thread at a time.
 */
public final class QuantizedBlock {
  private static final ValueLayout.OfFloat FLOAT =
      ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private final DType dtype;
  private final int groupElements;
  private final boolean hasOffsets;
  private final byte[] bytes;
  private final byte[] quants;
  private final float[] scales;
  private final float[] offsets;

  /**
   * A block to read into.
   *
   * @throws IllegalArgumentException if the type is not quantised
   */
  public QuantizedBlock(DType dtype) {
    if (!dtype.isQuantized()) {
      throw new IllegalArgumentException("block: expected a quantised type, got " + dtype);
    }
    this.dtype = dtype;
    this.groupElements = groupElements(dtype);
    this.hasOffsets = hasOffsets(dtype);
    this.bytes = new byte[dtype.blockBytes()];
    this.quants = new byte[dtype.blockElements()];
    this.scales = new float[dtype.blockElements() / groupElements];
    this.offsets = new float[scales.length];
  }

  private static int groupElements(DType dtype) {
    return switch (dtype) {
      case Q2_K, Q3_K, Q6_K -> 16;
      default -> 32;
    };
  }

  private static boolean hasOffsets(DType dtype) {
    return switch (dtype) {
      case Q4_1, Q5_1, Q2_K, Q4_K, Q5_K -> true;
      default -> false;
    };
  }

  /** The type. */
  public DType dtype() {
    return dtype;
  }

  /** Neighbouring elements that share a scale: 16 or 32. */
  public int groupElements() {
    return groupElements;
  }

  /** Whether any offset may differ from 0. */
  public boolean hasOffsets() {
    return hasOffsets;
  }

  /** Unpacks the block that starts at a byte offset. */
  public void read(MemorySegment source, long offset) {
    MemorySegment.copy(source, ValueLayout.JAVA_BYTE, offset, bytes, 0, bytes.length);
    switch (dtype) {
      case Q8_0, Q4_0, Q4_1, Q5_0, Q5_1, IQ4_NL ->
          SmallBlocks.unpack(dtype, bytes, quants, scales, offsets);
      default -> SuperBlocks.unpack(dtype, bytes, quants, scales, offsets);
    }
  }

  /** The integer of an element. */
  public byte quant(int element) {
    return quants[element];
  }

  /** The scale of a group. */
  public float scale(int group) {
    return scales[group];
  }

  /** What is added to the elements of a group; 0 for types without offsets. */
  public float offset(int group) {
    return offsets[group];
  }

  /** The value of an element, in F32 as ggml computes it. */
  public float value(int element) {
    int group = element / groupElements;
    float product = scales[group] * quants[element];
    return hasOffsets ? product + offsets[group] : product;
  }

  /** Writes the values of all elements as F32. */
  public void toFloat(MemorySegment target, long targetOffset) {
    for (int i = 0; i < quants.length; i++) {
      target.set(FLOAT, targetOffset + 4L * i, value(i));
    }
  }
}
