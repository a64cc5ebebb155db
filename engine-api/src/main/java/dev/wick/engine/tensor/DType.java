package dev.wick.engine.tensor;

/**
 * Element type of a tensor as it is stored.
 *
 * <p>Every type is a sequence of blocks: a plain type has one element per block, a quantised type
 * (GGUF naming) packs several elements with their scales. {@link #BOOL} is one byte, 0 or 1.
 */
public enum DType {
  F64(8),
  F32(4),
  F16(2),
  BF16(2),
  F8_E4M3(1),
  F8_E5M2(1),
  I64(8),
  I32(4),
  I16(2),
  I8(1),
  U64(8),
  U32(4),
  U16(2),
  U8(1),
  BOOL(1),
  Q4_0(32, 18),
  Q4_1(32, 20),
  Q5_0(32, 22),
  Q5_1(32, 24),
  Q8_0(32, 34),
  Q2_K(256, 84),
  Q3_K(256, 110),
  Q4_K(256, 144),
  Q5_K(256, 176),
  Q6_K(256, 210),
  IQ4_NL(32, 18);

  private final int blockElements;
  private final int blockBytes;

  DType(int elementBytes) {
    this(1, elementBytes);
  }

  DType(int blockElements, int blockBytes) {
    this.blockElements = blockElements;
    this.blockBytes = blockBytes;
  }

  /** Elements per block: 1 for plain types. */
  public int blockElements() {
    return blockElements;
  }

  /** Bytes per block. */
  public int blockBytes() {
    return blockBytes;
  }

  /** Whether elements are packed in blocks with shared scales. */
  public boolean isQuantized() {
    return blockElements > 1;
  }

  /** Whether this is F64, F32, F16, BF16 or an 8-bit float. */
  public boolean isFloat() {
    return ordinal() <= F8_E5M2.ordinal();
  }

  /** Whether this is a signed or unsigned integer type; {@link #BOOL} is not. */
  public boolean isInteger() {
    return ordinal() >= I64.ordinal() && ordinal() <= U8.ordinal();
  }

  /**
   * Bytes that {@code elements} consecutive elements take.
   *
   * @throws IllegalArgumentException if the count is negative or no whole number of blocks
   * @throws ArithmeticException if the size exceeds a {@code long}
   */
  public long byteSize(long elements) {
    if (elements < 0 || elements % blockElements != 0) {
      throw new IllegalArgumentException(
          "dtype: expected a multiple of %d elements for %s, got %d"
              .formatted(blockElements, this, elements));
    }
    return Math.multiplyExact(elements / blockElements, (long) blockBytes);
  }
}
