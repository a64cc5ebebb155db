package dev.wick.lora.training.optim;

import java.util.Objects;

/**
 * How the learning rate changes over a run, as a factor on its peak. Warm-up rises linearly from 0
 * at step 0 to 1 at step {@code warmUpSteps}. The curves are those of {@code get_*_schedule} in
 * transformers.
 *
 * @param kind the curve after warm-up
 * @param warmUpSteps steps until the peak; CONSTANT has none
 * @param totalSteps steps of the run
 * @param decaySteps steps of the last phase of WARM_UP_STABLE_DECAY; without meaning for others
 */
public record LearningRateSchedule(Kind kind, long warmUpSteps, long totalSteps, long decaySteps) {
  /** The curves. */
  public enum Kind {
    /** The peak from the first step on. */
    CONSTANT,
    /** The peak after warm-up. */
    CONSTANT_WITH_WARM_UP,
    /** A straight line down to 0. */
    LINEAR,
    /** Half a cosine down to 0 (Loshchilov and Hutter 2016, arXiv:1608.03983). */
    COSINE,
    /** The peak, and at the end half a cosine down to 0 (Hu et al. 2024, arXiv:2404.06395). */
    WARM_UP_STABLE_DECAY
  }

  public LearningRateSchedule {
    Objects.requireNonNull(kind, "kind");
    check(totalSteps >= 1, "at least one step", totalSteps);
    check(warmUpSteps >= 0, "warm-up of at least 0 steps", warmUpSteps);
    check(decaySteps >= 0, "decay of at least 0 steps", decaySteps);
    boolean stable = kind == Kind.WARM_UP_STABLE_DECAY;
    check(
        !stable || warmUpSteps + decaySteps <= totalSteps,
        "warm-up and decay within %d steps".formatted(totalSteps),
        warmUpSteps + decaySteps);
  }

  private static void check(boolean holds, String expected, long got) {
    if (!holds) {
      throw new IllegalArgumentException("schedule: expected %s, got %d".formatted(expected, got));
    }
  }

  /**
   * The factor of a step.
   *
   * @param step 0 for the first
   */
  public double factor(long step) {
    if (kind == Kind.CONSTANT) {
      return 1;
    }
    if (step < warmUpSteps) {
      return (double) step / Math.max(1, warmUpSteps);
    }
    double progress = (double) (step - warmUpSteps) / Math.max(1, totalSteps - warmUpSteps);
    return switch (kind) {
      case CONSTANT, CONSTANT_WITH_WARM_UP -> 1;
      case LINEAR ->
          Math.max(0, (double) (totalSteps - step) / Math.max(1, totalSteps - warmUpSteps));
      case COSINE -> halfCosine(progress);
      case WARM_UP_STABLE_DECAY -> decay(step - (totalSteps - decaySteps));
    };
  }

  private double decay(long decayStep) {
    if (decayStep < 0) {
      return 1;
    }
    return decayStep >= decaySteps ? 0 : halfCosine((double) decayStep / Math.max(1, decaySteps));
  }

  private static double halfCosine(double progress) {
    return Math.max(0, 0.5 * (1 + Math.cos(Math.PI * progress)));
  }
}
