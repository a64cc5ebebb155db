package dev.wick.lora.merge;

import dev.wick.engine.model.LowRank;
import dev.wick.engine.tensor.DType;
import dev.wick.engine.tensor.HostTensor;
import dev.wick.lora.peft.ModuleSelector;
import dev.wick.lora.peft.PeftAdapter;
import dev.wick.lora.peft.PeftConfig;
import dev.wick.lora.peft.PeftConfigBuilder;
import dev.wick.lora.tensor.Rounding;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Makes one adapter of several, as PEFT's {@code add_weighted_adapter}. The result has alpha equal
 * to its rank, so its scale is 1: weights and scales are in its numbers.
 *
 * <p>One deviation: PEFT 0.21 multiplies with an adapter's scale twice where it goes through the
 * singular value decomposition. Here SVD approximates the same sum that CAT gives exactly.
 */
public final class AdapterCombination {
  private final List<Weighted> sources;
  private final CombinationMethod method;
  private final CombinationOptions options;

  /** An adapter and its weight, which may be negative. */
  public record Weighted(PeftAdapter adapter, float weight) {}

  private AdapterCombination(
      List<Weighted> sources, CombinationMethod method, CombinationOptions options) {
    this.sources = List.copyOf(sources);
    this.method = method;
    this.options = options;
  }

  /**
   * Combines adapters.
   *
   * @param name of the result
   * @throws IllegalArgumentException if there are none, they are decomposed (DoRA), two replace the
   *     same parameter, or ranks or shapes differ where they must not; the message names both
   */
  public static PeftAdapter combine(
      String name, List<Weighted> adapters, CombinationMethod method, CombinationOptions options) {
    if (adapters.isEmpty()) {
      throw new IllegalArgumentException("combine: expected at least one adapter, got none");
    }
    return new AdapterCombination(adapters, method, options).combine(name);
  }

  private PeftAdapter combine(String name) {
    Set<String> modules = new LinkedHashSet<>();
    sources.forEach(source -> modules.addAll(source.adapter().deltas().keySet()));
    boolean anyBias =
        sources.stream()
            .flatMap(source -> source.adapter().deltas().values().stream())
            .anyMatch(delta -> delta.bias().isPresent());
    Map<String, LowRank> deltas = new LinkedHashMap<>();
    for (String module : modules) {
      deltas.put(module, combined(module, anyBias));
    }
    return PeftAdapter.of(name, config(deltas, anyBias), deltas, replacements());
  }

  private LowRank combined(String module, boolean withBias) {
    List<LowRank> deltas = new ArrayList<>();
    List<Float> shares = new ArrayList<>();
    for (Weighted source : sources) {
      LowRank delta = source.adapter().deltas().get(module);
      if (delta != null) {
        check(module, deltas.isEmpty() ? delta : deltas.getFirst(), delta);
        deltas.add(delta);
        shares.add(source.weight() * delta.scale());
      }
    }
    float[][] factors =
        switch (method) {
          case CAT -> sideBySide(deltas, shares);
          case SVD -> truncated(deltas, shares);
          case LINEAR, TIES, DARE_LINEAR, DARE_TIES, MAGNITUDE_PRUNE -> mixed(deltas, shares);
        };
    LowRank first = deltas.getFirst();
    long rank = factors[1].length / first.in();
    DType dtype = first.a().spec().dtype();
    return new LowRank(
        Rounding.tensor(factors[1], dtype, rank, first.in()),
        Rounding.tensor(factors[0], dtype, first.out(), rank),
        1,
        Optional.empty(),
        withBias ? Optional.of(bias(deltas, shares)) : Optional.empty());
  }

  private void check(String module, LowRank first, LowRank delta) {
    if (delta.magnitude().isPresent()) {
      throw new IllegalArgumentException(
          "combine: expected adapters without magnitudes, got one of %s (DoRA); merge it instead"
              .formatted(module));
    }
    if (first.in() != delta.in() || first.out() != delta.out()) {
      throw new IllegalArgumentException(
          "combine: expected changes of one model, got %s A %s, B %s and A %s, B %s"
              .formatted(
                  module, first.a().spec(), first.b().spec(), delta.a().spec(), delta.b().spec()));
    }
    boolean anyRank = method == CombinationMethod.CAT || method == CombinationMethod.SVD;
    if (!anyRank && first.rank() != delta.rank()) {
      throw new IllegalArgumentException(
          "combine: expected equal ranks for %s, got %d and %d of %s; use CAT or SVD"
              .formatted(method, first.rank(), delta.rank(), module));
    }
  }

  /** B and A, the exact sum as one product. */
  private static float[][] sideBySide(List<LowRank> deltas, List<Float> shares) {
    int inner = deltas.stream().mapToInt(LowRank::rank).sum();
    int in = Math.toIntExact(deltas.getFirst().in());
    int out = Math.toIntExact(deltas.getFirst().out());
    float[] a = new float[inner * in];
    float[] b = new float[out * inner];
    int begin = 0;
    for (int d = 0; d < deltas.size(); d++) {
      int rank = deltas.get(d).rank();
      float[] itsA = deltas.get(d).a().toFloatArray();
      float[] itsB = deltas.get(d).b().toFloatArray();
      for (int i = 0; i < itsA.length; i++) {
        a[begin * in + i] = itsA[i] * shares.get(d);
      }
      for (int k = 0; k < out; k++) {
        System.arraycopy(itsB, k * rank, b, k * inner + begin, rank);
      }
      begin += rank;
    }
    return new float[][] {b, a};
  }

  private float[][] truncated(List<LowRank> deltas, List<Float> shares) {
    float[][] exact = sideBySide(deltas, shares);
    int in = Math.toIntExact(deltas.getFirst().in());
    int out = Math.toIntExact(deltas.getFirst().out());
    int largest = deltas.stream().mapToInt(LowRank::rank).max().orElseThrow();
    int rank = options.svdRank() > 0 ? options.svdRank() : largest;
    return LowRankSvd.truncate(
        widened(exact[0]), widened(exact[1]), out, exact[1].length / in, in, rank);
  }

  private static double[] widened(float[] values) {
    double[] result = new double[values.length];
    for (int i = 0; i < values.length; i++) {
      result[i] = values[i];
    }
    return result;
  }

  private float[][] mixed(List<LowRank> deltas, List<Float> shares) {
    float[] forA = new float[shares.size()];
    float[] forB = new float[shares.size()];
    for (int i = 0; i < forA.length; i++) {
      // The sign goes to one side only, or it would vanish in the product.
      forB[i] = (float) Math.sqrt(Math.abs(shares.get(i)));
      forA[i] = shares.get(i) < 0 ? -forB[i] : forB[i];
    }
    TaskArithmetic arithmetic = new TaskArithmetic(method, options);
    float[] a = arithmetic.mix(deltas.stream().map(d -> d.a().toFloatArray()).toList(), forA);
    float[] b = arithmetic.mix(deltas.stream().map(d -> d.b().toFloatArray()).toList(), forB);
    return new float[][] {b, a};
  }

  private static HostTensor bias(List<LowRank> deltas, List<Float> shares) {
    float[] sum = new float[Math.toIntExact(deltas.getFirst().out())];
    for (int d = 0; d < deltas.size(); d++) {
      if (deltas.get(d).bias().isPresent()) {
        float[] values = deltas.get(d).bias().get().toFloatArray();
        for (int i = 0; i < sum.length; i++) {
          sum[i] += shares.get(d) * values[i];
        }
      }
    }
    return HostTensor.of(sum, sum.length);
  }

  private Map<String, HostTensor> replacements() {
    Map<String, HostTensor> replacements = new LinkedHashMap<>();
    for (Weighted source : sources) {
      source
          .adapter()
          .replacements()
          .forEach(
              (parameter, tensor) -> {
                if (replacements.put(parameter, tensor) != null || source.weight() != 1) {
                  throw new IllegalArgumentException(
                      "combine: expected one adapter of weight 1 to replace %s, got %s of weight %s"
                              .formatted(parameter, source.adapter().name(), source.weight())
                          + " or several; replacements cannot be mixed");
                }
              });
    }
    return replacements;
  }

  private PeftConfig config(Map<String, LowRank> deltas, boolean anyBias) {
    int rank = deltas.values().stream().mapToInt(LowRank::rank).max().orElse(1);
    Map<String, Integer> ranks = new LinkedHashMap<>();
    Map<String, Double> alphas = new LinkedHashMap<>();
    deltas.forEach(
        (module, delta) -> {
          if (delta.rank() != rank) {
            String exactly = module.replace(".", "\\.");
            ranks.put(exactly, delta.rank());
            alphas.put(exactly, (double) delta.rank());
          }
        });
    PeftConfig first = sources.getFirst().adapter().config();
    Set<String> saved = new LinkedHashSet<>();
    sources.forEach(source -> saved.addAll(source.adapter().config().modulesToSave()));
    PeftConfig.Bias bias =
        sources.stream()
            .map(source -> source.adapter().config().bias())
            .filter(kind -> kind != PeftConfig.Bias.NONE)
            .findFirst()
            .orElse(PeftConfig.Bias.NONE);
    PeftConfigBuilder builder =
        PeftConfig.builder(rank, rank)
            .loraBias(anyBias)
            .bias(bias)
            .modulesToSave(List.copyOf(saved))
            .rankPattern(ranks)
            .alphaPattern(alphas)
            .targetModules(targets(deltas));
    first.baseModel().ifPresent(builder::baseModel);
    return builder.build();
  }

  /** The union where all adapters have lists, else the modules one by one. */
  private ModuleSelector targets(Map<String, LowRank> deltas) {
    Set<String> union = new LinkedHashSet<>();
    for (Weighted source : sources) {
      PeftConfig config = source.adapter().config();
      boolean plain =
          config.targetModules().isPresent()
              && config.targetModules().get() instanceof ModuleSelector.Names
              && config.layersToTransform().isEmpty()
              && config.excludeModules().isEmpty()
              && config.targetParameters().isEmpty();
      if (!plain) {
        return new ModuleSelector.Names(List.copyOf(deltas.keySet()));
      }
      union.addAll(((ModuleSelector.Names) config.targetModules().get()).names());
    }
    return new ModuleSelector.Names(List.copyOf(union));
  }
}
