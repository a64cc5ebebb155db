package dev.wick.formats.quantize;

import dev.wick.engine.tensor.BFloat16;
import dev.wick.engine.tensor.DType;
import dev.wick.engine.tensor.HostTensor;
import dev.wick.engine.tensor.Quantization;
import dev.wick.engine.tensor.TensorSpec;
import dev.wick.formats.file.Quoted;
import dev.wick.formats.file.TensorContent;
import dev.wick.formats.internal.FileOutput;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.WritableByteChannel;
import java.util.stream.IntStream;

/** A tensor that is converted to another type while it is written, a piece at a time. */
record EncodedTensor(String name, HostTensor source, DType target) implements TensorContent {
  /** A multiple of every block, small enough that all cores have their pieces in cache. */
  private static final int PIECE = 1 << 16;

  private static final int PIECES = 64;

  @Override
  public void writeTo(WritableByteChannel channel) throws IOException {
    if (source.spec().dtype() == target) {
      FileOutput.write(channel, source.data());
      return;
    }
    long size = source.spec().shape().size();
    for (long begin = 0; begin < size; begin += (long) PIECE * PIECES) {
      int elements = (int) Math.min((long) PIECE * PIECES, size - begin);
      byte[] bytes = new byte[Math.toIntExact(target.byteSize(elements))];
      long from = begin;
      try {
        IntStream.range(0, Math.ceilDiv(elements, PIECE))
            .parallel()
            .forEach(
                piece -> {
                  int first = piece * PIECE;
                  encode(from + first, Math.min(PIECE, elements - first), bytes, first);
                });
      } catch (IllegalArgumentException e) {
        throw new IOException("tensor %s: %s".formatted(Quoted.of(name), e.getMessage()), e);
      }
      FileOutput.write(channel, ByteBuffer.wrap(bytes));
    }
  }

  private void encode(long from, int count, byte[] bytes, int first) {
    DType stored = source.spec().dtype();
    MemorySegment part = source.data().asSlice(stored.byteSize(from), stored.byteSize(count));
    float[] values = new HostTensor(TensorSpec.of(stored, count), part).toFloatArray();
    int at = Math.toIntExact(target.byteSize(first));
    switch (target) {
      case F32 -> buffer(bytes, at).asFloatBuffer().put(values);
      case F16 -> {
        ByteBuffer out = buffer(bytes, at);
        for (float value : values) {
          out.putShort(Float.floatToFloat16(value));
        }
      }
      case BF16 -> {
        ByteBuffer out = buffer(bytes, at);
        for (float value : values) {
          out.putShort(BFloat16.fromFloat(value));
        }
      }
      default ->
          Quantization.encode(
              target, MemorySegment.ofArray(values), 0, MemorySegment.ofArray(bytes), at, count);
    }
  }

  private static ByteBuffer buffer(byte[] bytes, int at) {
    return ByteBuffer.wrap(bytes, at, bytes.length - at).slice().order(ByteOrder.LITTLE_ENDIAN);
  }
}
