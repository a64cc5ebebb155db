package dev.wick.lora.merge;

import dev.wick.engine.model.Adapter;
import dev.wick.engine.model.LowRank;
import dev.wick.engine.tensor.HostTensor;
import dev.wick.engine.tensor.Shape;
import dev.wick.engine.tensor.TensorSpec;
import dev.wick.formats.gguf.GgufNames;
import dev.wick.formats.gguf.GgufWriter;
import dev.wick.lora.name.ModuleNames;
import dev.wick.lora.peft.PeftAdapter;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Writes adapters as GGUF files, which llama.cpp takes with {@code --lora}. All numbers are F32.
 *
 * <p>There the scale of a change is alpha / rank with one alpha for all; where an adapter says
 * otherwise, by patterns or rank-stabilised, the difference goes into B.
 */
public final class GgufAdapter {
  /** Where models that see as well have their text model. */
  private static final String NESTED_TEXT = "model.language_model.";

  private final float alpha;
  private final GgufWriter writer = new GgufWriter();

  /** Experts by the name of their common tensor, then by index. */
  private final Map<String, TreeMap<Integer, LowRank>> experts = new TreeMap<>();

  private GgufAdapter(float alpha) {
    this.alpha = alpha;
  }

  /**
   * Writes an adapter.
   *
   * @param modelType {@code model_type} of the base model's configuration, for example {@code
   *     qwen3_moe}
   * @throws IllegalArgumentException if it has what the format has not: magnitudes (DoRA), biases,
   *     replacements, or linears without a name there
   * @throws IOException if the file cannot be written
   */
  public static void write(PeftAdapter adapter, String modelType, Path file) throws IOException {
    float alpha = (float) adapter.config().loraAlpha();
    GgufAdapter gguf = new GgufAdapter(alpha == 0 ? 1 : alpha); // 0 means unscaled there
    gguf.header(adapter, modelType.replace("_", ""));
    gguf.addAll(adapter);
    gguf.writer.write(file);
  }

  private void header(PeftAdapter adapter, String architecture) {
    writer
        .metadata("general.architecture", architecture)
        .metadata("general.type", "adapter")
        .metadata("adapter.type", "lora")
        .metadata("general.name", adapter.name())
        .metadata("adapter.lora.alpha", alpha);
  }

  private void addAll(Adapter adapter) {
    if (!adapter.replacements().isEmpty()) {
      throw unsupported(
          "no replaced parameters", adapter.replacements().keySet().iterator().next());
    }
    adapter.deltas().forEach(this::add);
    experts.forEach(this::addExperts);
  }

  private void add(String module, LowRank delta) {
    if (delta.magnitude().isPresent() || delta.bias().isPresent()) {
      throw unsupported("changes without magnitude (DoRA) and bias", module);
    }
    String weight = (module + ".weight").replace(NESTED_TEXT, "model.");
    Optional<GgufNames.Expert> expert = GgufNames.expert(weight);
    if (expert.isPresent()) {
      experts
          .computeIfAbsent(expert.get().packedName(), missing -> new TreeMap<>())
          .put(expert.get().index(), delta);
    } else if (ModuleNames.isEmbedding(module)) {
      Shape transposed = Shape.of(delta.in(), delta.rank());
      put(
          "token_embd.weight",
          transposed(a(delta), delta.rank()),
          transposed,
          b(delta),
          delta.b().shape());
    } else {
      String name =
          GgufNames.fromHuggingFace(weight)
              .orElseThrow(() -> unsupported("linears that llama.cpp has a name for", module));
      put(name, a(delta), delta.a().shape(), b(delta), delta.b().shape());
    }
  }

  private void addExperts(String name, SortedMap<Integer, LowRank> changes) {
    LowRank first = changes.sequencedValues().getFirst();
    int count = changes.size();
    int size = Math.multiplyExact(count, Math.toIntExact(first.a().shape().size()));
    float[] a = new float[size];
    float[] b = new float[count * Math.toIntExact(first.b().shape().size())];
    for (int e = 0; e < count; e++) {
      LowRank delta = changes.get(e);
      if (delta == null || !delta.a().shape().equals(first.a().shape())) {
        throw unsupported("a change of equal rank for every expert", name);
      }
      System.arraycopy(a(delta), 0, a, e * a.length / count, a.length / count);
      System.arraycopy(b(delta), 0, b, e * b.length / count, b.length / count);
    }
    Shape shapeA = Shape.of(count, first.rank(), first.in());
    Shape shapeB = Shape.of(count, first.out(), first.rank());
    put(name, a, shapeA, b, shapeB);
  }

  private void put(String name, float[] a, Shape shapeA, float[] b, Shape shapeB) {
    add(name + ".lora_a", a, shapeA);
    add(name + ".lora_b", b, shapeB);
  }

  private void add(String name, float[] values, Shape shape) {
    TensorSpec spec = HostTensor.of(values, shape.toArray()).spec();
    writer.add(name, spec, MemorySegment.ofArray(values));
  }

  private static float[] a(LowRank delta) {
    return delta.a().toFloatArray();
  }

  private float[] b(LowRank delta) {
    float[] b = delta.b().toFloatArray();
    float factor = (float) ((double) delta.scale() * delta.rank() / alpha);
    if (factor != 1) {
      for (int i = 0; i < b.length; i++) {
        b[i] *= factor;
      }
    }
    return b;
  }

  private static float[] transposed(float[] a, int rank) {
    int columns = a.length / rank;
    float[] result = new float[a.length];
    for (int j = 0; j < rank; j++) {
      for (int i = 0; i < columns; i++) {
        result[i * rank + j] = a[j * columns + i];
      }
    }
    return result;
  }

  private static IllegalArgumentException unsupported(String expected, String got) {
    return new IllegalArgumentException(
        "gguf: expected %s, got %s; merge the adapter into its model instead"
            .formatted(expected, got));
  }
}
