package dev.wick.cli;

import dev.wick.engine.tensor.TensorSpec;
import dev.wick.formats.Checkpoint;
import dev.wick.formats.GgufWeights;
import dev.wick.formats.SafetensorsWeights;
import dev.wick.formats.gguf.GgufHeader;
import dev.wick.formats.gguf.GgufVocabulary;
import dev.wick.formats.safetensors.SafetensorsHeader;
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
 * @param files that hold its weights
 * @param companions whether the folder has what is needed beside weights, by name; empty for a file
 */
record Inspection(
    String location,
    Map<String, Object> config,
    List<WeightFile> files,
    Map<String, Boolean> companions) {

  /** Longer lists of metadata are left out. */
  private static final int MAX_LIST = 16;

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

  /** A file of weights: its name, its size, what it says beside tensors, and its tensors. */
  record WeightFile(
      String name, long byteSize, Map<String, ?> metadata, Map<String, TensorSpec> tensors) {

    static WeightFile of(SafetensorsHeader header) {
      Map<String, TensorSpec> tensors = new LinkedHashMap<>();
      header.entries().forEach((name, entry) -> tensors.put(name, entry.spec()));
      return new WeightFile(
          String.valueOf(header.file().getFileName()),
          header.fileSize(),
          header.metadata(),
          tensors);
    }

    static WeightFile of(GgufHeader header) {
      Map<String, TensorSpec> tensors = new LinkedHashMap<>();
      header.entries().forEach((name, entry) -> tensors.put(name, entry.spec()));
      Map<String, Object> metadata = new LinkedHashMap<>();
      header.metadata().values().forEach((key, value) -> metadata.put(key, shown(value)));
      return new WeightFile(
          String.valueOf(header.file().getFileName()), header.fileSize(), metadata, tensors);
    }

    /** A vocabulary is no reading matter: of a long list only the length is shown. */
    private static Object shown(Object value) {
      return value instanceof List<?> list && list.size() > MAX_LIST
          ? "%d values".formatted(list.size())
          : value;
    }
  }

  /** Counts over tensors. */
  record Total(int tensors, long parameters, long bytes) {
    static final Total NONE = new Total(0, 0, 0);

    Total plus(Total other) {
      return new Total(tensors + other.tensors, parameters + other.parameters, bytes + other.bytes);
    }
  }

  static Inspection of(Checkpoint checkpoint) throws IOException {
    return switch (checkpoint.weights()) {
      case SafetensorsWeights weights ->
          new Inspection(
              checkpoint.location(),
              checkpoint.config(),
              weights.headers().stream().map(WeightFile::of).toList(),
              companions(checkpoint.path()));
      case GgufWeights weights -> {
        List<GgufHeader> headers = weights.headers();
        yield new Inspection(
            checkpoint.location(),
            checkpoint.config(),
            headers.stream().map(WeightFile::of).toList(),
            companions(headers.getFirst(), checkpoint));
      }
    };
  }

  private static Map<String, Boolean> companions(GgufHeader header, Checkpoint checkpoint) {
    Map<String, Boolean> companions = new LinkedHashMap<>();
    companions.put("tokenizer", header.metadata().has(GgufVocabulary.TOKENS));
    companions.put("chat template", header.metadata().has(GgufVocabulary.CHAT_TEMPLATE));
    companions.put("generation config", !checkpoint.generationConfig().isEmpty());
    return companions;
  }

  /** Whether a folder has a tokenizer, a chat template and a generation configuration. */
  private static Map<String, Boolean> companions(Path folder) throws IOException {
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

  /** The tensors of all files, by the names of the files. */
  Map<String, TensorSpec> tensors() {
    Map<String, TensorSpec> tensors = new LinkedHashMap<>();
    files.forEach(file -> tensors.putAll(file.tensors()));
    return tensors;
  }

  /** Counts by type. */
  Map<String, Total> totals() {
    Map<String, Total> totals = new TreeMap<>();
    for (TensorSpec tensor : tensors().values()) {
      Total one = new Total(1, tensor.shape().size(), tensor.byteSize());
      totals.merge(tensor.dtype().name(), one, Total::plus);
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
    List<Object> ofFiles = new ArrayList<>();
    for (WeightFile file : files) {
      Map<String, Object> one = new LinkedHashMap<>();
      one.put("name", file.name());
      one.put("bytes", file.byteSize());
      one.put("metadata", file.metadata());
      ofFiles.add(one);
    }
    fields.put("files", ofFiles);
    if (withTensors) {
      List<Object> tensors = new ArrayList<>();
      tensors().forEach((name, spec) -> tensors.add(fields(name, spec)));
      fields.put("tensors", tensors);
    }
    Map<String, Object> byType = new LinkedHashMap<>();
    totals().forEach((dtype, total) -> byType.put(dtype, fields(total)));
    fields.put("dtypes", byType);
    fields.putAll(fields(total()));
    return fields;
  }

  private static Map<String, Object> fields(String name, TensorSpec tensor) {
    Map<String, Object> fields = new LinkedHashMap<>();
    fields.put("name", name);
    fields.put("dtype", tensor.dtype().name());
    List<Object> shape = new ArrayList<>();
    for (long extent : tensor.shape().toArray()) {
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
