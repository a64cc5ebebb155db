package dev.wick.models.qwen;

import java.io.IOException;
import java.util.Optional;

/**
 * Rotary position embedding as configured: the base and how positions beyond the training length
 * are scaled.
 */
record RopeConfig(double ropeTheta, Scaling scaling) {
  private static final double DEFAULT_THETA = 10_000;

  /** How frequencies are changed to reach further. */
  sealed interface Scaling {
    /** Not at all. */
    record None() implements Scaling {}

    /** All frequencies divided by a factor (Chen et al. 2023, arXiv:2306.15595). */
    record Linear(double factor) implements Scaling {}

    /**
     * YaRN (Peng et al. 2023, arXiv:2309.00071).
     *
     * @param attentionFactor factor on cos and sin
     * @param truncate whether the range of blended channels is rounded outwards
     */
    record Yarn(
        double factor,
        double attentionFactor,
        double betaFast,
        double betaSlow,
        int originalMaxPositionEmbeddings,
        boolean truncate)
        implements Scaling {}
  }

  /** Reads the current style ({@code rope_parameters}) or the classic one. */
  static RopeConfig read(ConfigReader config, int maxPositionEmbeddings) throws IOException {
    Optional<ConfigReader> parameters = config.object("rope_parameters");
    if (parameters.isEmpty()) {
      parameters = config.object("rope_scaling");
    }
    double classicTheta = config.number("rope_theta", 0, DEFAULT_THETA);
    if (parameters.isEmpty()) {
      return new RopeConfig(classicTheta, new Scaling.None());
    }
    ConfigReader rope = parameters.get();
    double theta = rope.number("rope_theta", 0, classicTheta);
    return new RopeConfig(theta, scaling(rope, maxPositionEmbeddings));
  }

  private static Scaling scaling(ConfigReader rope, int maxPositionEmbeddings) throws IOException {
    String key = rope.has("rope_type") ? "rope_type" : "type";
    return switch (rope.text(key).orElse("default")) {
      case "default" -> new Scaling.None();
      case "linear" -> new Scaling.Linear(rope.number("factor", 0));
      case "yarn" -> yarn(rope, maxPositionEmbeddings);
      default -> throw rope.refuse(key, "default, linear or yarn");
    };
  }

  private static Scaling yarn(ConfigReader rope, int maxPositionEmbeddings) throws IOException {
    double factor = rope.number("factor", 0);
    double mscale = rope.number("mscale", Double.NEGATIVE_INFINITY, 0);
    double mscaleAllDim = rope.number("mscale_all_dim", Double.NEGATIVE_INFINITY, 0);
    double attentionFactor =
        mscale != 0 && mscaleAllDim != 0
            ? attentionScale(factor, mscale) / attentionScale(factor, mscaleAllDim)
            : attentionScale(factor, 1);
    return new Scaling.Yarn(
        factor,
        rope.number("attention_factor", 0, attentionFactor),
        rope.number("beta_fast", 0, 32),
        rope.number("beta_slow", 0, 1),
        rope.integer("original_max_position_embeddings", 1, maxPositionEmbeddings),
        rope.flag("truncate", true));
  }

  private static double attentionScale(double factor, double mscale) {
    return factor <= 1 ? 1 : 0.1 * mscale * Math.log(factor) + 1;
  }
}
