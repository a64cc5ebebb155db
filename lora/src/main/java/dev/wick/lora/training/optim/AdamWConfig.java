package dev.wick.lora.training.optim;

/**
 * Constants of {@link AdamW}.
 *
 * @param beta1 decay of the mean of gradients, 0 to 1
 * @param beta2 decay of the mean of squared gradients, 0 to 1
 * @param epsilon added to the root of the latter
 * @param weightDecay fraction of each parameter that is taken away per step, times the rate
 */
public record AdamWConfig(double beta1, double beta2, double epsilon, double weightDecay) {
  /** The defaults of {@code torch.optim.AdamW}. */
  public static final AdamWConfig DEFAULT = new AdamWConfig(0.9, 0.999, 1e-8, 0.01);

  public AdamWConfig {
    check(beta1 >= 0 && beta1 < 1, "a beta1 of at least 0 and below 1", beta1);
    check(beta2 >= 0 && beta2 < 1, "a beta2 of at least 0 and below 1", beta2);
    check(epsilon >= 0 && epsilon < Double.POSITIVE_INFINITY, "an epsilon of at least 0", epsilon);
    check(
        weightDecay >= 0 && weightDecay < Double.POSITIVE_INFINITY,
        "a weight decay of at least 0",
        weightDecay);
  }

  private static void check(boolean holds, String expected, double got) {
    if (!holds) {
      throw new IllegalArgumentException("adamw: expected %s, got %s".formatted(expected, got));
    }
  }

  /** The same with another weight decay. */
  public AdamWConfig withWeightDecay(double decay) {
    return new AdamWConfig(beta1, beta2, epsilon, decay);
  }
}
