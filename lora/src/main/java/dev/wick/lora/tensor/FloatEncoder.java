package dev.wick.lora.tensor;

import dev.wick.engine.tensor.BFloat16;
import dev.wick.engine.tensor.DType;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.WritableByteChannel;

/** Writes floats as F32, F16 or BF16, rounded to nearest even, through one buffer. */
public final class FloatEncoder {
  private static final int BUFFER_BYTES = 1 << 18;

  private final WritableByteChannel channel;
  private final DType dtype;
  private final ByteBuffer buffer =
      ByteBuffer.allocateDirect(BUFFER_BYTES).order(ByteOrder.LITTLE_ENDIAN);

  public FloatEncoder(WritableByteChannel channel, DType dtype) {
    this.channel = channel;
    this.dtype = dtype;
  }

  /** Writes all elements of a tensor. */
  public static void write(WritableByteChannel channel, DType dtype, float[] values)
      throws IOException {
    FloatEncoder encoder = new FloatEncoder(channel, dtype);
    encoder.write(values);
    encoder.flush();
  }

  public void write(float[] values) throws IOException {
    for (float value : values) {
      if (buffer.remaining() < Float.BYTES) {
        flush();
      }
      switch (dtype) {
        case F32 -> buffer.putFloat(value);
        case F16 -> buffer.putShort(Float.floatToFloat16(value));
        case BF16 -> buffer.putShort(BFloat16.fromFloat(value));
        default ->
            throw new IllegalArgumentException("merge: expected F32, F16 or BF16, got " + dtype);
      }
    }
  }

  public void flush() throws IOException {
    buffer.flip();
    while (buffer.hasRemaining()) {
      channel.write(buffer);
    }
    buffer.clear();
  }
}
