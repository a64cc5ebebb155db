package dev.wick.lora.merge;

import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;

/** Mixes arrays of equal length as PEFT's {@code merge_utils}. */
final class TaskArithmetic {
  private final CombinationMethod method;
  private final CombinationOptions options;
  private final SplittableRandom random;

  TaskArithmetic(CombinationMethod method, CombinationOptions options) {
    this.method = method;
    this.options = options;
    this.random = new SplittableRandom(options.seed());
  }

  float[] mix(List<float[]> tasks, float[] weights) {
    List<float[]> pruned =
        switch (method) {
          case TIES, MAGNITUDE_PRUNE -> tasks.stream().map(this::largest).toList();
          case DARE_LINEAR, DARE_TIES -> tasks.stream().map(this::chosen).toList();
          case LINEAR, CAT, SVD -> tasks;
        };
    boolean elects = method == CombinationMethod.TIES || method == CombinationMethod.DARE_TIES;
    return elects ? elected(pruned, weights) : sum(pruned, weights);
  }

  /** Keeps the part of largest magnitude; among equals the first. */
  private float[] largest(float[] values) {
    if (options.density() >= 1) {
      return values;
    }
    int kept = (int) (options.density() * values.length);
    float[] magnitudes = new float[values.length];
    for (int i = 0; i < values.length; i++) {
      magnitudes[i] = Math.abs(values[i]);
    }
    Arrays.sort(magnitudes);
    float[] result = new float[values.length];
    if (kept == 0) {
      return result;
    }
    float least = magnitudes[values.length - kept];
    int equals = kept;
    for (float value : values) {
      equals -= Math.abs(value) > least ? 1 : 0;
    }
    for (int i = 0; i < values.length; i++) {
      float magnitude = Math.abs(values[i]);
      if (magnitude > least || (magnitude == least && equals-- > 0)) {
        result[i] = values[i];
      }
    }
    return result;
  }

  private float[] chosen(float[] values) {
    if (options.density() >= 1) {
      return values;
    }
    float factor = (float) (1 / options.density());
    float[] result = new float[values.length];
    for (int i = 0; i < values.length; i++) {
      if (random.nextDouble() < options.density()) {
        result[i] = values[i] * factor;
      }
    }
    return result;
  }

  private static float[] sum(List<float[]> tasks, float[] weights) {
    float[] result = new float[tasks.getFirst().length];
    for (int t = 0; t < weights.length; t++) {
      float[] values = tasks.get(t);
      for (int i = 0; i < result.length; i++) {
        result[i] += values[i] * weights[t];
      }
    }
    return result;
  }

  /** The mean, per element, of those tasks that have the elected sign. */
  private float[] elected(List<float[]> tasks, float[] weights) {
    float[] result = new float[tasks.getFirst().length];
    for (int i = 0; i < result.length; i++) {
      float vote = 0;
      for (float[] values : tasks) {
        vote += options.electsByCount() ? Math.signum(values[i]) : values[i];
      }
      float sign = vote >= 0 ? 1 : -1;
      float sum = 0;
      int count = 0;
      for (int t = 0; t < weights.length; t++) {
        if (Math.signum(tasks.get(t)[i]) == sign) {
          sum += tasks.get(t)[i] * weights[t];
          count++;
        }
      }
      result[i] = sum / Math.max(1, count);
    }
    return result;
  }
}
