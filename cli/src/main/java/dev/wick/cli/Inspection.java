package dev.wick.cli;

import dev.wick.formats.SafetensorsHeader;
import dev.wick.tokenizers.TokenizerConfig;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * What the headers and the configuration of a checkpoint say.
 *
 * @param location folder or file
 * @param config its {@code config.json}, empty for a file
 * @param headers of its weights
 * @param companions whether the folder has what is needed beside weights, by name; empty for a file
 */
record Inspection(
    String location,
    Map<String, Object> config,
    List<SafetensorsHeader> headers,
    Map<String, Boolean> companions) {

  /** What a reader looks for first, if the configuration has it. */
  private static final List<String> SUMMARY =
      List.of(
          "model_type",
          "architectures",
          "hidden_size",
          "intermediate_size",
          "num_hidden_layers",
          "num_attention_heads",
          "num_key_value_heads",
          "head_dim",
          "num_experts",
          "num_experts_per_tok",
          "moe_intermediate_size",
          "vocab_size",
          "max_position_embeddings",
          "rope_theta",
          "rope_scaling",
          "rope_parameters",
          "use_sliding_window",
          "sliding_window",
          "tie_word_embeddings",
          "torch_dtype",
          "dtype");

  /** Counts over tensors. */
  record Total(int tensors, long parameters, long bytes) {
    static final Total NONE = new Total(0, 0, 0);

    Total plus(Total other) {
      return new Total(tensors + other.tensors, parameters + other.parameters, bytes + other.bytes);
    }
  }

  /** Whether a folder has a tokenizer, a chat template and a generation configuration. */
  static Map<String, Boolean> companions(Path folder) throws IOException {
    Map<String, Boolean> companions = new LinkedHashMap<>();
    companions.put("tokenizer", Files.exists(folder.resolve("tokenizer.json")));
    companions.put(
        "chat template",
        Files.exists(folder.resolve("chat_template.jinja"))
            || !TokenizerConfig.load(folder).chatTemplates().isEmpty());
    companions.put("generation config", Files.exists(folder.resolve("generation_config.json")));
    return companions;
  }

  /** The part of the configuration that is shown; a text model inside another is looked into. */
  Map<String, Object> summary() {
    Map<String, Object> summary = new LinkedHashMap<>();
    for (String key : SUMMARY) {
      @Nullable Object value = config.get(key);
      if (value == null && config.get("text_config") instanceof Map<?, ?> text) {
        value = text.get(key);
      }
      if (value != null) {
        summary.put(key, value);
      }
    }
    return summary;
  }

  /** The tensors of all files. */
  List<SafetensorsHeader.Entry> tensors() {
    List<SafetensorsHeader.Entry> tensors = new ArrayList<>();
    headers.forEach(header -> tensors.addAll(header.entries().values()));
    return tensors;
  }

  /** Counts by type. */
  Map<String, Total> totals() {
    Map<String, Total> totals = new TreeMap<>();
    for (SafetensorsHeader.Entry tensor : tensors()) {
      Total one = new Total(1, tensor.spec().shape().size(), tensor.byteSize());
      totals.merge(tensor.spec().dtype().name(), one, Total::plus);
    }
    return totals;
  }

  /** Counts over all tensors. */
  Total total() {
    return totals().values().stream().reduce(Total.NONE, Total::plus);
  }

  /** As nested maps. */
  Map<String, Object> fields(boolean withTensors) {
    Map<String, Object> fields = new LinkedHashMap<>();
    fields.put("location", location);
    fields.put("config", config);
    companions.forEach((name, there) -> fields.put(name.replace(' ', '_'), there));
    List<Object> files = new ArrayList<>();
    for (SafetensorsHeader header : headers) {
      Map<String, Object> file = new LinkedHashMap<>();
      file.put("name", String.valueOf(header.file().getFileName()));
      file.put("bytes", header.fileSize());
      file.put("metadata", header.metadata());
      files.add(file);
    }
    fields.put("files", files);
    if (withTensors) {
      fields.put("tensors", tensors().stream().map(Inspection::fields).toList());
    }
    Map<String, Object> byType = new LinkedHashMap<>();
    totals().forEach((dtype, total) -> byType.put(dtype, fields(total)));
    fields.put("dtypes", byType);
    fields.putAll(fields(total()));
    return fields;
  }

  private static Map<String, Object> fields(SafetensorsHeader.Entry tensor) {
    Map<String, Object> fields = new LinkedHashMap<>();
    fields.put("name", tensor.name());
    fields.put("dtype", tensor.spec().dtype().name());
    List<Object> shape = new ArrayList<>();
    for (long extent : tensor.spec().shape().toArray()) {
      shape.add(extent);
    }
    fields.put("shape", shape);
    fields.put("bytes", tensor.byteSize());
    return fields;
  }

  private static Map<String, Object> fields(Total total) {
    Map<String, Object> fields = new LinkedHashMap<>();
    fields.put("tensor_count", total.tensors());
    fields.put("parameters", total.parameters());
    fields.put("bytes", total.bytes());
    return fields;
  }
}
