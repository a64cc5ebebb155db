package dev.wick.formats.safetensors;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.json.JsonWriteFeature;
import dev.wick.engine.tensor.DType;
import dev.wick.engine.tensor.TensorSpec;
import dev.wick.formats.file.AtomicFile;
import dev.wick.formats.file.Quoted;
import dev.wick.formats.file.TensorContent;
import dev.wick.formats.internal.FileOutput;
import dev.wick.formats.internal.PendingTensor;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.WritableByteChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Collects tensors and writes them as one safetensors file.
 *
 * <p>Equal tensors and metadata give equal bytes: tensors are laid out by element size, widest
 * first, then by name, as the reference library does, and metadata are sorted. One thread at a
 * time.
 */
public final class SafetensorsWriter {
  private static final String METADATA = "__metadata__";
  private static final int MAX_HEADER_BYTES = 100_000_000;
  private static final JsonFactory JSON =
      JsonFactory.builder().enable(JsonWriteFeature.COMBINE_UNICODE_SURROGATES_IN_UTF8).build();

  private final Map<String, PendingTensor> tensors = new HashMap<>();
  private final Map<String, String> metadata = new TreeMap<>();

  /** A writer without tensors. */
  public SafetensorsWriter() {}

  /**
   * Adds an entry of {@code __metadata__}, or replaces it; for example {@code format} = {@code pt},
   * which transformers asks for.
   *
   * @return this writer
   */
  public SafetensorsWriter metadata(String key, String value) {
    metadata.put(wellFormed(key), wellFormed(value));
    return this;
  }

  /**
   * Adds a tensor whose bytes are produced while the file is written.
   *
   * @return this writer
   * @throws IllegalArgumentException if the name is taken or reserved, or the type is not one of
   *     the format
   */
  public SafetensorsWriter add(String name, TensorSpec spec, TensorContent content) {
    if (wellFormed(name).equals(METADATA)) {
      throw new IllegalArgumentException(
          "safetensors: expected a tensor name, got the reserved " + METADATA);
    }
    if (SafetensorsTypes.writeOrder(spec.dtype()) < 0) {
      throw new IllegalArgumentException(
          "safetensors: expected a type of the format for %s, got %s; dequantize it first"
              .formatted(Quoted.of(name), spec));
    }
    if (tensors.putIfAbsent(name, new PendingTensor(name, spec, content)) != null) {
      throw new IllegalArgumentException(
          "safetensors: expected a new name, got %s again".formatted(Quoted.of(name)));
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
  public SafetensorsWriter add(String name, TensorSpec spec, MemorySegment data) {
    return add(name, spec, PendingTensor.content("safetensors", name, spec, data));
  }

  /**
   * Adds an F32 tensor from an array, which is read when the file is written.
   *
   * @param values its elements, row-major
   * @return this writer
   * @throws IllegalArgumentException as the other forms
   */
  public SafetensorsWriter add(String name, float[] values, long... extents) {
    TensorSpec spec = TensorSpec.of(DType.F32, extents);
    if (values.length != spec.shape().size()) {
      throw new IllegalArgumentException(
          "safetensors: expected %d elements for %s %s, got %d"
              .formatted(spec.shape().size(), Quoted.of(name), spec, values.length));
    }
    return add(name, spec, channel -> writeFloats(channel, values));
  }

  /**
   * Writes the file under a temporary name beside it, forces it to the disk and renames it, so that
   * the path shows the old content or the new, never a part. A mapping of the old file stays good.
   *
   * @throws IOException if the file cannot be written, or a {@link TensorContent} writes more or
   *     less than its spec says; the old file is then untouched
   * @throws IllegalStateException if names and metadata exceed the 100 MB of a header
   */
  public void write(Path file) throws IOException {
    List<PendingTensor> ordered =
        tensors.values().stream()
            .sorted(
                Comparator.comparingInt(
                        (PendingTensor tensor) ->
                            SafetensorsTypes.writeOrder(tensor.spec().dtype()))
                    .thenComparing(
                        tensor -> tensor.name().getBytes(StandardCharsets.UTF_8),
                        Arrays::compareUnsigned))
            .toList();
    ByteBuffer header = header(ordered);
    AtomicFile.write(
        file,
        channel -> {
          FileOutput.write(channel, header);
          for (PendingTensor tensor : ordered) {
            tensor.writeTo(file, channel);
          }
        });
  }

  private ByteBuffer header(List<PendingTensor> ordered) throws IOException {
    ByteArrayOutputStream text = new ByteArrayOutputStream();
    try (JsonGenerator json = JSON.createGenerator(text)) {
      json.writeStartObject();
      if (!metadata.isEmpty()) {
        json.writeObjectFieldStart(METADATA);
        for (Map.Entry<String, String> entry : metadata.entrySet()) {
          json.writeStringField(entry.getKey(), entry.getValue());
        }
        json.writeEndObject();
      }
      long offset = 0;
      for (PendingTensor tensor : ordered) {
        json.writeObjectFieldStart(tensor.name());
        json.writeStringField("dtype", tensor.spec().dtype().name());
        json.writeFieldName("shape");
        long[] shape = tensor.spec().shape().toArray();
        json.writeArray(shape, 0, shape.length);
        long end = Math.addExact(offset, tensor.spec().byteSize());
        json.writeFieldName("data_offsets");
        json.writeArray(new long[] {offset, end}, 0, 2);
        json.writeEndObject();
        offset = end;
      }
      json.writeEndObject();
    }
    while (text.size() % Long.BYTES != 0) {
      text.write(' '); // the data begin at a multiple of 8
    }
    if (text.size() > MAX_HEADER_BYTES) {
      throw new IllegalStateException(
          "safetensors: expected a header of at most %d bytes, got %d; write fewer tensors per file"
              .formatted(MAX_HEADER_BYTES, text.size()));
    }
    return ByteBuffer.allocate(Long.BYTES + text.size())
        .order(ByteOrder.LITTLE_ENDIAN)
        .putLong(text.size())
        .put(text.toByteArray())
        .flip();
  }

  private static void writeFloats(WritableByteChannel channel, float[] values) throws IOException {
    int step = Math.min(FileOutput.CHUNK_BYTES / Float.BYTES, values.length);
    ByteBuffer chunk = ByteBuffer.allocateDirect(step * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    for (int begin = 0; begin < values.length; begin += step) {
      int count = Math.min(step, values.length - begin);
      chunk.clear().asFloatBuffer().put(values, begin, count);
      FileOutput.write(channel, chunk.limit(count * Float.BYTES));
    }
  }

  private static String wellFormed(String text) {
    if (!Quoted.isWellFormed(text)) {
      throw new IllegalArgumentException(
          "safetensors: expected text with a UTF-8 form, got " + Quoted.of(text));
    }
    return text;
  }
}
