package dev.wick.formats.quantize;

import dev.wick.engine.tensor.DType;
import dev.wick.engine.tensor.HostTensor;
import dev.wick.engine.tensor.Shape;
import dev.wick.engine.tensor.TensorSpec;
import dev.wick.formats.Checkpoint;
import dev.wick.formats.GgufWeights;
import dev.wick.formats.gguf.GgufNames;
import dev.wick.formats.gguf.GgufWriter;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.LongConsumer;

/**
 * A model folder as one GGUF file, quantised: metadata as {@code convert_hf_to_gguf.py} of
 * llama.cpp writes them, and the types that {@code llama-quantize} chooses.
 */
public final class QuantizedModel {
  private static final int QUANTIZATION_VERSION = 2; // GGML_QNT_VERSION

  private final Checkpoint source;
  private final GgufFileType type;
  private final List<Planned> tensors;

  /**
   * A tensor of the file.
   *
   * @param name its name there
   * @param parts what it is made of, by the names of the checkpoint: itself, or all experts
   * @param wanted the type that it would have, were its width a multiple of the block
   * @param spec the type and shape that it has
   */
  public record Planned(String name, List<String> parts, DType wanted, TensorSpec spec) {
    /** Copies the parts. */
    public Planned {
      parts = List.copyOf(parts);
    }
  }

  /** Adds metadata to a file before it is written. */
  @FunctionalInterface
  public interface Metadata {
    /**
     * Adds them.
     *
     * @throws IOException if what they are made from cannot be read
     */
    void addTo(GgufWriter writer) throws IOException;
  }

  private QuantizedModel(Checkpoint source, GgufFileType type, List<Planned> tensors) {
    this.source = source;
    this.type = type;
    this.tensors = List.copyOf(tensors);
  }

  /**
   * Plans a file; reads no weights.
   *
   * @param source a folder; a GGUF file is not quantised again
   * @throws IOException if GGUF, as llama.cpp reads it, has no place for something in the model
   */
  public static QuantizedModel of(Checkpoint source, GgufFileType type) throws IOException {
    if (source.weights() instanceof GgufWeights) {
      throw new IOException(
          "%s: expected a model folder to quantize, got a GGUF file; quantize the folder that it was"
                  .formatted(source.path())
              + " made from");
    }
    GgufModelMetadata.check(source);
    return new QuantizedModel(source, type, plan(source, type));
  }

  private static List<Planned> plan(Checkpoint source, GgufFileType type) throws IOException {
    boolean tied = Boolean.TRUE.equals(source.config().get("tie_word_embeddings"));
    GgufTypeChoice choice =
        new GgufTypeChoice(
            type,
            number(source, "num_hidden_layers"),
            Math.max(number(source, "num_experts"), number(source, "num_local_experts")),
            tied || source.weights().find("lm_head.weight").isEmpty());
    Map<String, Planned> planned = new LinkedHashMap<>();
    Map<String, SortedMap<Integer, String>> experts = new LinkedHashMap<>();
    for (String name : source.weights().names()) {
      if (name.endsWith(".rotary_emb.inv_freq") || (tied && name.equals("lm_head.weight"))) {
        continue;
      }
      Optional<GgufNames.Expert> expert = GgufNames.expert(name);
      if (expert.isPresent()) {
        experts
            .computeIfAbsent(expert.get().packedName(), any -> new TreeMap<>())
            .put(expert.get().index(), name);
        continue;
      }
      String target =
          GgufNames.fromHuggingFace(name)
              .orElseThrow(
                  () ->
                      new IOException(
                          "%s: %s: GGUF has no name for this tensor"
                              .formatted(source.path(), name)));
      Shape shape = squeezed(source.weights().find(name).orElseThrow().shape());
      planned.put(target, planned(choice, target, List.of(name), shape));
    }
    for (Map.Entry<String, SortedMap<Integer, String>> entry : experts.entrySet()) {
      List<String> parts = List.copyOf(entry.getValue().values());
      planned.put(entry.getKey(), planned(choice, entry.getKey(), parts, packed(source, entry)));
    }
    List<Planned> ordered = new ArrayList<>(planned.values());
    ordered.sort(Comparator.comparing(Planned::name, GgufNames.fileOrder()));
    return ordered;
  }

  private static Shape packed(Checkpoint source, Map.Entry<String, SortedMap<Integer, String>> all)
      throws IOException {
    SortedMap<Integer, String> parts = all.getValue();
    Shape first = source.weights().find(parts.firstEntry().getValue()).orElseThrow().shape();
    for (Map.Entry<Integer, String> part : parts.entrySet()) {
      Shape shape = source.weights().find(part.getValue()).orElseThrow().shape();
      if (!shape.equals(first) || shape.rank() != 2 || parts.lastKey() != parts.size() - 1) {
        throw new IOException(
            "%s: %s: expected a matrix for every expert, all alike, got %s of %s"
                .formatted(source.path(), all.getKey(), shape, part.getValue()));
      }
    }
    return Shape.of(parts.size(), first.extent(0), first.extent(1));
  }

  private static Planned planned(
      GgufTypeChoice choice, String name, List<String> parts, Shape shape) {
    DType wanted = choice.wanted(name, shape);
    DType fitting = GgufTypeChoice.fitting(wanted, shape);
    return new Planned(name, parts, wanted, new TensorSpec(fitting, shape));
  }

  /** A matrix of one row as a vector, which is how llama.cpp has the gate of a shared expert. */
  private static Shape squeezed(Shape shape) {
    return shape.rank() == 2 && shape.extent(0) == 1 ? shape.without(0) : shape;
  }

  private static int number(Checkpoint source, String key) {
    return source.config().get(key) instanceof Integer number ? number : 0;
  }

  /** The tensors of the file, in order. */
  public List<Planned> tensors() {
    return tensors;
  }

  /** The tensors whose width is no multiple of the block, which are kept in a wider type. */
  public List<Planned> wider() {
    return tensors.stream().filter(tensor -> tensor.spec().dtype() != tensor.wanted()).toList();
  }

  /** Bytes of all tensors. */
  public long byteSize() {
    return tensors.stream().mapToLong(tensor -> tensor.spec().byteSize()).sum();
  }

  /**
   * Converts the weights and writes the file, whole or not at all.
   *
   * @param tokenizer adds the metadata of the tokenizer
   * @param listener given the bytes of tensors written so far
   * @throws IOException if the weights cannot be read or are not finite, naming the tensor, or the
   *     file cannot be written
   */
  public void write(Path file, Metadata tokenizer, LongConsumer listener) throws IOException {
    GgufWriter writer = new GgufWriter();
    GgufModelMetadata.add(source, type, writer);
    tokenizer.addTo(writer);
    writer.metadata("general.quantization_version", QUANTIZATION_VERSION);
    long done = 0;
    for (Planned tensor : tensors) {
      done += tensor.spec().byteSize();
      long after = done;
      writer.add(
          tensor.name(),
          tensor.spec(),
          channel -> {
            for (String part : tensor.parts()) {
              TensorSpec spec = source.weights().find(part).orElseThrow();
              HostTensor stored = new HostTensor(spec, source.weights().data(part));
              new EncodedTensor(part, stored, tensor.spec().dtype()).writeTo(channel);
            }
            listener.accept(after);
          });
    }
    writer.write(file);
  }
}
