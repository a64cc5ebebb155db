package dev.wick.formats.gguf;

import dev.wick.engine.tensor.TensorSpec;
import dev.wick.formats.file.AtomicFile;
import dev.wick.formats.file.Quoted;
import dev.wick.formats.file.TensorContent;
import dev.wick.formats.internal.FileOutput;
import dev.wick.formats.internal.PendingTensor;
import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Collects metadata and tensors and writes them as one GGUF file, version 3, little-endian.
 *
 * <p>Both are written in the order in which they were added. One thread at a time.
 *
 * @see <a href="https://github.com/ggml-org/ggml/blob/master/docs/gguf.md">the format</a>
 */
public final class GgufWriter {
  private static final int MAGIC = 0x46554747; // GGUF
  private static final int VERSION = 3;
  private static final int ALIGNMENT = 32;
  private static final int MAX_AXES = 4;

  private static final int UINT32 = 4;
  private static final int INT32 = 5;
  private static final int FLOAT32 = 6;
  private static final int BOOL = 7;
  private static final int STRING = 8;
  private static final int ARRAY = 9;
  private static final int UINT64 = 10;

  private final Map<String, byte[]> metadata = new LinkedHashMap<>();
  private final Map<String, PendingTensor> tensors = new LinkedHashMap<>();

  /** A writer without metadata and tensors. */
  public GgufWriter() {}

  /**
   * Adds a text.
   *
   * @return this writer
   * @throws IllegalArgumentException if the key is taken, as for the other forms
   */
  public GgufWriter metadata(String key, String value) {
    return put(key, STRING, out -> string(out, value));
  }

  /**
   * Adds an unsigned number of 32 bits.
   *
   * @return this writer
   */
  public GgufWriter metadata(String key, int value) {
    return put(key, UINT32, out -> int32(out, value));
  }

  /**
   * Adds an unsigned number of 64 bits.
   *
   * @return this writer
   */
  public GgufWriter metadata(String key, long value) {
    return put(key, UINT64, out -> int64(out, value));
  }

  /**
   * Adds a number in F32.
   *
   * @return this writer
   */
  public GgufWriter metadata(String key, float value) {
    return put(key, FLOAT32, out -> int32(out, Float.floatToIntBits(value)));
  }

  /**
   * Adds a truth value.
   *
   * @return this writer
   */
  public GgufWriter metadata(String key, boolean value) {
    return put(key, BOOL, out -> out.writeByte(value ? 1 : 0));
  }

  /**
   * Adds a list of texts.
   *
   * @return this writer
   */
  public GgufWriter metadata(String key, List<String> values) {
    return put(
        key,
        ARRAY,
        out -> {
          int32(out, STRING);
          int64(out, values.size());
          for (String value : values) {
            string(out, value);
          }
        });
  }

  /**
   * Adds a list of signed numbers of 32 bits.
   *
   * @return this writer
   */
  public GgufWriter metadata(String key, int[] values) {
    return put(
        key,
        ARRAY,
        out -> {
          int32(out, INT32);
          int64(out, values.length);
          for (int value : values) {
            int32(out, value);
          }
        });
  }

  /**
   * Adds a tensor whose bytes are produced while the file is written.
   *
   * @return this writer
   * @throws IllegalArgumentException if the name is taken, the type is not one of the format, or
   *     there are more than four axes
   */
  public GgufWriter add(String name, TensorSpec spec, TensorContent content) {
    GgufTypes.id(spec.dtype());
    if (spec.shape().rank() < 1 || spec.shape().rank() > MAX_AXES) {
      throw new IllegalArgumentException(
          "gguf: expected 1 to %d axes for %s, got %s".formatted(MAX_AXES, Quoted.of(name), spec));
    }
    if (tensors.putIfAbsent(name, new PendingTensor(name, spec, content)) != null) {
      throw new IllegalArgumentException(
          "gguf: expected a new name, got %s again".formatted(Quoted.of(name)));
    }
    return this;
  }

  /**
   * Adds a tensor from memory, which is read when the file is written.
   *
   * @param data its bytes, little-endian and row-major
   * @return this writer
   * @throws IllegalArgumentException as the other form, or if the segment has not the size that the
   *     spec asks for
   */
  public GgufWriter add(String name, TensorSpec spec, MemorySegment data) {
    return add(name, spec, PendingTensor.content("gguf", name, spec, data));
  }

  /**
   * Writes the file whole or not at all, as {@link AtomicFile} does.
   *
   * @throws IOException if the file cannot be written, or a {@link TensorContent} writes more or
   *     less than its spec says; the old file is then untouched
   */
  public void write(Path file) throws IOException {
    byte[] header = header();
    AtomicFile.write(
        file,
        channel -> {
          FileOutput.write(channel, ByteBuffer.wrap(header));
          for (PendingTensor tensor : tensors.values()) {
            tensor.writeTo(file, channel);
            long size = tensor.spec().byteSize();
            FileOutput.write(channel, ByteBuffer.allocate((int) (aligned(size) - size)));
          }
        });
  }

  private byte[] header() throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    DataOutputStream out = new DataOutputStream(bytes);
    int32(out, MAGIC);
    int32(out, VERSION);
    int64(out, tensors.size());
    int64(out, metadata.size());
    for (Map.Entry<String, byte[]> entry : metadata.entrySet()) {
      string(out, entry.getKey());
      out.write(entry.getValue());
    }
    long offset = 0;
    for (PendingTensor tensor : tensors.values()) {
      string(out, tensor.name());
      long[] extents = tensor.spec().shape().toArray();
      int32(out, extents.length);
      for (int axis = extents.length - 1; axis >= 0; axis--) {
        int64(out, extents[axis]); // innermost first
      }
      int32(out, GgufTypes.id(tensor.spec().dtype()));
      int64(out, offset);
      offset = aligned(Math.addExact(offset, tensor.spec().byteSize()));
    }
    out.write(new byte[Math.toIntExact(aligned(out.size()) - out.size())]);
    return bytes.toByteArray();
  }

  private static long aligned(long offset) {
    return Math.ceilDiv(offset, ALIGNMENT) * ALIGNMENT;
  }

  /** Writes a value. */
  @FunctionalInterface
  private interface Value {
    void writeTo(DataOutputStream out) throws IOException;
  }

  private GgufWriter put(String key, int type, Value value) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (DataOutputStream out = new DataOutputStream(bytes)) {
      int32(out, type);
      value.writeTo(out);
    } catch (IOException e) {
      throw new IllegalStateException("gguf: cannot write to memory", e);
    }
    if (metadata.putIfAbsent(key, bytes.toByteArray()) != null) {
      throw new IllegalArgumentException(
          "gguf: expected a new key, got %s again".formatted(Quoted.of(key)));
    }
    return this;
  }

  private static void string(DataOutputStream out, String text) throws IOException {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    int64(out, bytes.length);
    out.write(bytes);
  }

  private static void int32(DataOutputStream out, int value) throws IOException {
    out.writeInt(Integer.reverseBytes(value));
  }

  private static void int64(DataOutputStream out, long value) throws IOException {
    out.writeLong(Long.reverseBytes(value));
  }
}
