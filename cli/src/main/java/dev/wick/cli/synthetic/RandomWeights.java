package dev.wick.cli.synthetic;

import dev.wick.engine.tensor.DType;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.WritableByteChannel;
import java.util.SplittableRandom;
import java.util.function.LongConsumer;

/**
 * Normally distributed weights by the gigabyte: drawn, with repetition, from a table of so many
 * that no kernel can tell.
 */
final class RandomWeights {
  private static final int TABLE_SIZE = 1 << 16;
  private static final int CHUNK_BYTES = 1 << 20;

  private final DType dtype;
  private final int[] table = new int[TABLE_SIZE];
  private final SplittableRandom random;
  private final LongConsumer written;

  /**
   * A source of weights.
   *
   * @param written told the number of bytes after each piece
   */
  RandomWeights(DType dtype, double standardDeviation, long seed, LongConsumer written) {
    this.dtype = dtype;
    this.written = written;
    this.random = new SplittableRandom(seed);
    for (int i = 0; i < TABLE_SIZE; i++) {
      table[i] = bits((float) (random.nextGaussian() * standardDeviation));
    }
  }

  private int bits(float value) {
    return switch (dtype) {
      case BF16 -> Float.floatToRawIntBits(value) >>> 16;
      case F16 -> Float.floatToFloat16(value);
      case F32 -> Float.floatToRawIntBits(value);
      default ->
          throw new IllegalArgumentException("synthetic: expected BF16, F16 or F32, got " + dtype);
    };
  }

  /** Writes random elements. */
  void writeNormal(WritableByteChannel channel, long elements) throws IOException {
    write(channel, elements, false);
  }

  /** Writes ones. */
  void writeOnes(WritableByteChannel channel, long elements) throws IOException {
    write(channel, elements, true);
  }

  private void write(WritableByteChannel channel, long elements, boolean ones) throws IOException {
    ByteBuffer buffer = ByteBuffer.allocateDirect(CHUNK_BYTES).order(ByteOrder.LITTLE_ENDIAN);
    int one = bits(1);
    long left = elements;
    while (left > 0) {
      buffer.clear();
      long chunk = Math.min(left, CHUNK_BYTES / dtype.blockBytes());
      long draw = 0;
      for (int i = 0; i < chunk; i++) {
        if ((i & 3) == 0) {
          draw = random.nextLong();
        }
        put(buffer, ones ? one : table[(int) (draw & (TABLE_SIZE - 1))]);
        draw >>>= 16;
      }
      buffer.flip();
      while (buffer.hasRemaining()) {
        channel.write(buffer);
      }
      left -= chunk;
      written.accept(buffer.limit());
    }
  }

  private void put(ByteBuffer buffer, int bits) {
    if (dtype == DType.F32) {
      buffer.putInt(bits);
    } else {
      buffer.putShort((short) bits);
    }
  }
}
