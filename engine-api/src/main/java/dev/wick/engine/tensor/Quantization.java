package dev.wick.engine.tensor;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SegmentAllocator;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.Optional;
import java.util.stream.LongStream;

/**
 * Conversion between F32 and the quantised types of GGUF.
 *
 * <p>Decoding gives exactly ggml's numbers. Encoding follows its reference functions ({@code
 * quantize_row_*_ref}), without weights of importance, in the same order of F32 operations.
 */
public final class Quantization {
  private static final ValueLayout.OfFloat FLOAT =
      ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private static final long CHUNK_ELEMENTS = 1 << 18;

  private Quantization() {}

  /** Whether {@link #encode} knows a type. */
  public static boolean encodes(DType dtype) {
    return switch (dtype) {
      case Q8_0, Q4_0, Q4_1, Q5_0, Q5_1, Q4_K, Q5_K, Q6_K -> true;
      default -> false;
    };
  }

  /**
   * The type in which a matrix of some width can be stored if this one is wanted: the type itself,
   * or where 256 does not divide the width but 32 does, the one that ggml takes instead: Q5_0 for
   * Q4_K, Q5_1 for Q5_K, Q8_0 for Q6_K. Empty if none is known.
   */
  public static Optional<DType> fitting(DType wanted, long width) {
    if (width % wanted.blockElements() == 0) {
      return Optional.of(wanted);
    }
    if (width % SmallBlocks.ELEMENTS != 0) {
      return Optional.empty();
    }
    return switch (wanted) {
      case Q4_K -> Optional.of(DType.Q5_0);
      case Q5_K -> Optional.of(DType.Q5_1);
      case Q6_K -> Optional.of(DType.Q8_0);
      default -> Optional.empty();
    };
  }

  /**
   * A tensor in another type, by all processors.
   *
   * @param tensor F32, F16, BF16 or quantised; the last axis a multiple of the new type's block
   * @param allocator of the new memory
   * @throws IllegalArgumentException as for {@link #encode}, or if the last axis does not fit
   */
  public static HostTensor quantize(HostTensor tensor, DType dtype, SegmentAllocator allocator) {
    Shape shape = tensor.shape();
    long width = shape.rank() == 0 ? 1 : shape.extent(-1);
    if (width == 0 || width % dtype.blockElements() != 0) {
      throw new IllegalArgumentException(
          "quantize: expected rows of a multiple of %d for %s, got %s"
              .formatted(dtype.blockElements(), dtype, tensor.spec()));
    }
    TensorSpec spec = tensor.spec().withDType(dtype);
    MemorySegment blocks = allocator.allocate(spec.byteSize(), 64);
    long rows = shape.size() / width;
    long perChunk = Math.max(1, CHUNK_ELEMENTS / width);
    LongStream.range(0, (rows + perChunk - 1) / perChunk)
        .parallel()
        .forEach(
            chunk -> {
              long first = chunk * perChunk;
              long count = Math.min(perChunk, rows - first);
              quantizeRows(tensor, first * width, count * width, dtype, blocks);
            });
    return new HostTensor(spec, blocks);
  }

  private static void quantizeRows(
      HostTensor tensor, long from, long elements, DType dtype, MemorySegment blocks) {
    DType source = tensor.spec().dtype();
    MemorySegment part = tensor.data().asSlice(source.byteSize(from), source.byteSize(elements));
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment floats = arena.allocate(4 * elements, 64);
      Widening.toFloat(part, TensorSpec.of(source, elements), floats);
      encode(dtype, floats, 0, blocks, dtype.byteSize(from), elements);
    }
  }

  /**
   * Expands neighbouring blocks to F32.
   *
   * @param elements a multiple of the type's block
   * @throws IllegalArgumentException if the type is not quantised
   */
  public static void decode(
      DType dtype,
      MemorySegment source,
      long offset,
      MemorySegment target,
      long targetOffset,
      long elements) {
    QuantizedBlock block = new QuantizedBlock(dtype);
    long end = offset + dtype.byteSize(elements);
    long to = targetOffset;
    for (long at = offset; at < end; at += dtype.blockBytes()) {
      block.read(source, at);
      block.toFloat(target, to);
      to += 4L * dtype.blockElements();
    }
  }

  /**
   * Packs F32 numbers into neighbouring blocks.
   *
   * @param elements a multiple of the type's block
   * @throws IllegalArgumentException if {@link #encodes} is false for the type, or a number is not
   *     finite or so large that its scale does not fit in F16
   */
  public static void encode(
      DType dtype,
      MemorySegment source,
      long offset,
      MemorySegment target,
      long targetOffset,
      long elements) {
    if (!encodes(dtype)) {
      throw new IllegalArgumentException(
          "quantize: expected Q8_0, Q4_0, Q4_1, Q5_0, Q5_1, Q4_K, Q5_K or Q6_K, got " + dtype);
    }
    float[] x = new float[dtype.blockElements()];
    byte[] block = new byte[dtype.blockBytes()];
    long end = targetOffset + dtype.byteSize(elements);
    SuperBlockEncoder superBlocks =
        new SuperBlockEncoder(); // scratch that is small beside a row of weights
    long from = offset;
    for (long to = targetOffset; to < end; to += block.length) {
      MemorySegment.copy(source, FLOAT, from, x, 0, x.length);
      checkFinite(x);
      if (x.length == SmallBlocks.ELEMENTS) {
        SmallBlockEncoder.pack(dtype, x, block);
      } else {
        superBlocks.pack(dtype, x, block);
      }
      MemorySegment.copy(block, 0, target, ValueLayout.JAVA_BYTE, to, block.length);
      from += 4L * x.length;
    }
  }

  /**
   * Packs F32 numbers that were computed into neighbouring blocks as {@link #encode} does, but
   * refuses none: a block with a number that is not finite, or so large that its scale does not fit
   * in F16, becomes NaN throughout, with a scale of 0x7e00 and integers of 0. Allocates nothing.
   *
   * @param dtype Q8_0, the only type that is written while a model runs
   * @param elements a multiple of the type's block
   * @throws IllegalArgumentException if the type is another one
   */
  public static void encodeOrNan(
      DType dtype,
      MemorySegment source,
      long offset,
      MemorySegment target,
      long targetOffset,
      long elements) {
    if (dtype != DType.Q8_0) {
      throw new IllegalArgumentException("quantize: expected Q8_0, got " + dtype);
    }
    EightBitBlocks.pack(source, offset, target, targetOffset, elements);
  }

  private static void checkFinite(float[] x) {
    for (float value : x) {
      if (!Float.isFinite(value)) {
        throw new IllegalArgumentException("quantize: expected finite numbers, got " + value);
      }
    }
  }
}
