package dev.wick.lora.merge;

import dev.wick.engine.model.AdapterUse;
import dev.wick.engine.tensor.DType;
import dev.wick.engine.tensor.HostTensor;
import dev.wick.engine.tensor.TensorSpec;
import dev.wick.formats.Checkpoint;
import dev.wick.formats.JsonFile;
import dev.wick.formats.SafetensorsWeights;
import dev.wick.formats.file.TensorContent;
import dev.wick.formats.safetensors.SafetensorsHeader;
import dev.wick.formats.safetensors.SafetensorsWriter;
import dev.wick.lora.name.ParameterPlaces;
import dev.wick.lora.tensor.FlatPart;
import dev.wick.lora.tensor.FloatEncoder;
import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * Writes a model folder whose weights have adapters in them: shards, tokenizer and configuration
 * are those of the base model. Tensors that no adapter changes are copied byte for byte.
 */
public final class MergedModel {
  private static final String INDEX = "model.safetensors.index.json";
  private static final String CONFIG = "config.json";

  private final Checkpoint base;
  private final SafetensorsWeights files;
  private final ParameterPlaces places;
  private final MergePlan plan;
  private final MergeOptions options;
  private final Map<String, String> shardByTensor = new TreeMap<>();
  private long totalBytes;

  private MergedModel(Checkpoint base, List<AdapterUse> uses, MergeOptions options)
      throws IOException {
    this.base = base;
    this.files = files(base);
    this.places = new ParameterPlaces(files);
    this.plan = new MergePlan(base.location(), places, uses);
    this.options = options;
  }

  private static SafetensorsWeights files(Checkpoint base) throws IOException {
    if (base.weights() instanceof SafetensorsWeights files) {
      return files;
    }
    throw new IOException(
        "%s: expected a model folder to merge adapters into, got a GGUF file; merge into the folder"
                .formatted(base.path())
            + " that it was made from, and quantize the result");
  }

  /**
   * Writes a merged model.
   *
   * @param uses the adapters, which add up, each seen from the base model
   * @param folder where to; absent or empty
   * @throws IOException if an adapter does not fit the base model, naming both shapes, or the
   *     folder is not empty or cannot be written
   */
  public static void write(
      Checkpoint base, List<AdapterUse> uses, Path folder, MergeOptions options)
      throws IOException {
    MergedModel merged = new MergedModel(base, uses, options);
    Files.createDirectories(folder);
    try (Stream<Path> files = Files.list(folder)) {
      if (files.findAny().isPresent()) {
        throw new FileAlreadyExistsException(
            folder.toString(), null, "expected an empty folder for the merged model");
      }
    }
    merged.writeShards(folder);
    merged.copyOthers(folder);
    merged.writeConfig(folder); // last: without it, no folder is a model
  }

  private void writeShards(Path folder) throws IOException {
    List<SafetensorsHeader> headers = files.headers();
    for (int i = 0; i < headers.size(); i++) {
      SafetensorsHeader header = headers.get(i);
      String shard = header.file().getFileName().toString();
      SafetensorsWriter writer = new SafetensorsWriter();
      header.metadata().forEach(writer::metadata);
      for (String name : header.names()) {
        add(writer, shard, name);
      }
      if (i == headers.size() - 1 && plan.unties()) {
        addHead(writer, shard);
      }
      writer.write(folder.resolve(shard));
    }
    if (Files.exists(base.path().resolve(INDEX)) || headers.size() > 1) {
      Map<String, Object> index = new LinkedHashMap<>();
      index.put("metadata", Map.of("total_size", totalBytes));
      index.put("weight_map", shardByTensor);
      JsonFile.write(folder.resolve(INDEX), index);
    }
  }

  private void add(SafetensorsWriter writer, String shard, String name) throws IOException {
    TensorSpec spec = files.find(name).orElseThrow();
    HostTensor tensor = new HostTensor(spec, files.data(name));
    SortedMap<Long, MergePlan.Change> changes = plan.of(name);
    TensorSpec target = target(spec);
    if (changes.isEmpty() && target.equals(spec)) {
      writer.add(name, spec, tensor.data());
    } else {
      writer.add(name, target, content(tensor, changes, target.dtype()));
    }
    note(shard, name, target);
  }

  private void addHead(SafetensorsWriter writer, String shard) throws IOException {
    HostTensor original = places.tensor(ParameterPlaces.HEAD).orElseThrow();
    TensorSpec target = target(original.spec());
    SortedMap<Long, MergePlan.Change> changes = new TreeMap<>();
    plan.head().ifPresent(change -> changes.put(0L, change));
    writer.add(ParameterPlaces.HEAD, target, content(original, changes, target.dtype()));
    note(shard, ParameterPlaces.HEAD, target);
  }

  private TensorSpec target(TensorSpec spec) {
    boolean half = spec.dtype() == DType.F16 || spec.dtype() == DType.BF16;
    return options.widen() && half ? spec.withDType(DType.F32) : spec;
  }

  private void note(String shard, String name, TensorSpec spec) {
    shardByTensor.put(name, shard);
    totalBytes += spec.byteSize();
  }

  /** The changed parts of a tensor and, as they were, what lies between them. */
  private static TensorContent content(
      HostTensor tensor, SortedMap<Long, MergePlan.Change> changes, DType target) {
    return channel -> {
      FloatEncoder encoder = new FloatEncoder(channel, target);
      int width = tensor.spec().dtype().blockBytes();
      long done = 0;
      for (Map.Entry<Long, MergePlan.Change> entry : changes.entrySet()) {
        copy(tensor, done, entry.getKey() / width, encoder);
        TensorSpec part = entry.getValue().place().spec();
        HostTensor original =
            new HostTensor(part, tensor.data().asSlice(entry.getKey(), part.byteSize()));
        MergePlan.Rows rows = entry.getValue().rows(original);
        long count = part.shape().rank() == 2 ? part.shape().extent(0) : 1;
        float[] row = new float[Math.toIntExact(part.shape().extent(-1))];
        for (long i = 0; i < count; i++) {
          rows.row(i, row);
          encoder.write(row);
        }
        done = entry.getKey() / width + part.shape().size();
      }
      copy(tensor, done, tensor.shape().size(), encoder);
      encoder.flush();
    };
  }

  private static void copy(HostTensor tensor, long begin, long end, FloatEncoder encoder)
      throws IOException {
    int step = 1 << 16;
    for (long i = begin; i < end; i += step) {
      encoder.write(FlatPart.of(tensor, i, Math.min(step, end - i)).toFloatArray());
    }
  }

  private void copyOthers(Path folder) throws IOException {
    List<Path> others = new ArrayList<>();
    try (Stream<Path> files = Files.list(base.path())) {
      files.filter(MergedModel::isOther).forEach(others::add);
    }
    for (Path file : others) {
      Files.copy(file, folder.resolve(file.getFileName()));
    }
  }

  private static boolean isOther(Path file) {
    String name = file.getFileName().toString();
    boolean weights =
        Stream.of(".safetensors", ".bin", ".pt", ".pth", ".gguf", ".index.json")
            .anyMatch(name::endsWith);
    return Files.isRegularFile(file) && !weights && !name.equals(CONFIG);
  }

  private void writeConfig(Path folder) throws IOException {
    if (!plan.unties() && !options.widen()) {
      Files.copy(base.path().resolve(CONFIG), folder.resolve(CONFIG));
      return;
    }
    Map<String, Object> config = new LinkedHashMap<>(base.config());
    if (plan.unties()) {
      config.put("tie_word_embeddings", false);
    }
    if (options.widen()) {
      config.replaceAll(
          (key, value) -> key.equals("dtype") || key.equals("torch_dtype") ? "float32" : value);
    }
    JsonFile.write(folder.resolve(CONFIG), config);
  }
}
