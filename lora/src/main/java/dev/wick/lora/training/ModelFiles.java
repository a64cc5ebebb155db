package dev.wick.lora.training;

import com.fasterxml.jackson.core.JsonEncoding;
import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import dev.wick.engine.tensor.DType;
import dev.wick.engine.tensor.TensorSpec;
import dev.wick.formats.JsonFile;
import dev.wick.formats.file.MappedFile;
import dev.wick.formats.safetensors.SafetensorsFile;
import dev.wick.formats.safetensors.SafetensorsWriter;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.WritableByteChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Trained models as Hugging Face folders: F32 in checkpoints, BF16 as the result. */
final class ModelFiles implements ParameterFiles {
  private static final String WEIGHTS = "model.safetensors";
  private static final String CONFIG = "config.json";

  /** What stands beside the weights and goes along with them. */
  private static final List<String> COMPANIONS =
      List.of(
          "generation_config.json",
          "tokenizer.json",
          "tokenizer_config.json",
          "special_tokens_map.json",
          "added_tokens.json",
          "vocab.json",
          "merges.txt",
          "chat_template.jinja");

  private static final int CHUNK = 1 << 16;

  private final Path source;
  private final TrainableSet set;

  /**
   * The files of a model.
   *
   * @param source folder that it was loaded from, whose configuration and tokenizer are copied
   */
  ModelFiles(Path source, TrainableSet set) {
    this.source = source;
    this.set = set;
  }

  @Override
  public void write(Path folder) throws IOException {
    SafetensorsWriter writer = new SafetensorsWriter().metadata("format", "pt");
    for (Trainable tensor : set.tensors()) {
      writer.add(tensor.name(), tensor.values(), tensor.shape().toArray());
    }
    writer.write(folder.resolve(WEIGHTS));
  }

  @Override
  public void restore(Path folder) throws IOException {
    Path file = folder.resolve(WEIGHTS);
    try (MappedFile<?> weights = SafetensorsFile.open(file)) {
      for (Trainable tensor : set.tensors()) {
        TensorSpec spec = new TensorSpec(DType.F32, tensor.shape());
        OptimizerFile.copy(weights, file, tensor.name(), spec, tensor.values());
      }
    }
  }

  @Override
  public void writeResult(Path folder) throws IOException {
    Files.createDirectories(folder);
    SafetensorsWriter writer = new SafetensorsWriter().metadata("format", "pt");
    for (Trainable tensor : set.tensors()) {
      TensorSpec spec = new TensorSpec(DType.BF16, tensor.shape());
      writer.add(tensor.name(), spec, channel -> writeBf16(channel, tensor.values()));
    }
    writer.write(folder.resolve(WEIGHTS));
    for (String name : COMPANIONS) {
      Path file = source.resolve(name);
      if (Files.exists(file)) {
        Files.copy(file, folder.resolve(name), StandardCopyOption.REPLACE_EXISTING);
      }
    }
    Map<String, Object> config = new LinkedHashMap<>(JsonFile.readObject(source.resolve(CONFIG)));
    config.remove("torch_dtype");
    config.put("dtype", "bfloat16");
    try (JsonGenerator json =
        new JsonFactory().createGenerator(folder.resolve(CONFIG).toFile(), JsonEncoding.UTF8)) {
      json.useDefaultPrettyPrinter();
      write(json, config);
    }
  }

  private static void write(JsonGenerator json, Object value) throws IOException {
    switch (value) {
      case Map<?, ?> map -> {
        json.writeStartObject();
        for (Map.Entry<?, ?> entry : map.entrySet()) {
          json.writeFieldName((String) entry.getKey());
          write(json, entry.getValue());
        }
        json.writeEndObject();
      }
      case List<?> list -> {
        json.writeStartArray();
        for (Object item : list) {
          write(json, item);
        }
        json.writeEndArray();
      }
      case String text -> json.writeString(text);
      case Boolean flag -> json.writeBoolean(flag);
      case Double number -> json.writeNumber(number);
      case Number number -> json.writeNumber(number.toString());
      default -> throw new IOException("config.json: expected a JSON value, got " + value);
    }
  }

  /** To the nearest BF16, ties to even. */
  private static void writeBf16(WritableByteChannel channel, float[] values) throws IOException {
    ByteBuffer buffer =
        ByteBuffer.allocateDirect(2 * Math.min(CHUNK, Math.max(1, values.length)))
            .order(ByteOrder.LITTLE_ENDIAN);
    for (int i = 0; i < values.length; i++) {
      int bits = Float.floatToRawIntBits(values[i]);
      int rounded = Float.isNaN(values[i]) ? bits : bits + 0x7fff + ((bits >>> 16) & 1);
      buffer.putShort((short) (rounded >>> 16));
      if (!buffer.hasRemaining() || i == values.length - 1) {
        buffer.flip();
        while (buffer.hasRemaining()) {
          channel.write(buffer);
        }
        buffer.clear();
      }
    }
  }
}
