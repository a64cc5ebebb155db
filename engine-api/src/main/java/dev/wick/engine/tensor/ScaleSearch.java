package dev.wick.engine.tensor;

import java.util.Arrays;

/**
 * Finds scales by trying some around the obvious one and keeping that of the least weighted square
 * error: {@code make_qkx2_quants} and {@code make_qx_quants} of ggml.
 */
final class ScaleSearch {
  /** Groups of numbers smaller than this count as zeros. */
  static final float TINY = 1e-15f;

  private final byte[] trial = new byte[32];
  private float min;

  /** The nearest integer, halves to even, of a number below 2^22 in magnitude. */
  static int nearest(float value) {
    int bits = Float.floatToRawIntBits(value + 12_582_912f); // 1.5 * 2^23
    return (bits & 0x007fffff) - 0x00400000;
  }

  /** What is subtracted, at least 0, as {@link #withMin} found it. */
  float min() {
    return min;
  }

  /**
   * A scale such that {@code x ≈ scale * quant - min} with quants in {@code 0 .. most}.
   *
   * @param first added to {@code most} in the first trial; grows by {@code step} with each
   */
  float withMin(
      float[] x,
      int from,
      int n,
      int most,
      float[] weights,
      byte[] quants,
      float first,
      float step,
      int steps) {
    float low = x[from];
    float high = x[from];
    float sumWeights = weights[0];
    float sumX = sumWeights * x[from];
    for (int i = 1; i < n; i++) {
      low = Math.min(low, x[from + i]);
      high = Math.max(high, x[from + i]);
      sumWeights += weights[i];
      sumX += weights[i] * x[from + i];
    }
    low = low > 0 ? 0 : low;
    if (high == low) {
      Arrays.fill(quants, from, from + n, (byte) 0);
      min = -low;
      return 0;
    }
    float inverse = most / (high - low);
    float scale = 1 / inverse;
    float best = 0;
    for (int i = 0; i < n; i++) {
      int quant = Math.clamp(nearest(inverse * (x[from + i] - low)), 0, most);
      quants[from + i] = (byte) quant;
      float difference = scale * quant + low - x[from + i];
      best += weights[i] * (difference * difference);
    }
    float bestLow = low;
    for (int s = 0; s <= steps; s++) {
      // Against the best minimum so far, as ggml does.
      inverse = (first + step * s + most) / (high - bestLow);
      float sumL = 0;
      float sumL2 = 0;
      float sumXl = 0;
      for (int i = 0; i < n; i++) {
        int quant = Math.clamp(nearest(inverse * (x[from + i] - bestLow)), 0, most);
        trial[i] = (byte) quant;
        float weighted = weights[i] * quant;
        sumL += weighted;
        sumL2 += weighted * quant;
        sumXl += weighted * x[from + i];
      }
      float determinant = sumWeights * sumL2 - sumL * sumL;
      if (determinant > 0) {
        float thisScale = (sumWeights * sumXl - sumX * sumL) / determinant;
        float thisLow = (sumL2 * sumX - sumL * sumXl) / determinant;
        if (thisLow > 0) {
          thisLow = 0;
          thisScale = sumXl / sumL2;
        }
        float error = 0;
        for (int i = 0; i < n; i++) {
          float difference = thisScale * trial[i] + thisLow - x[from + i];
          error += weights[i] * (difference * difference);
        }
        if (error < best) {
          System.arraycopy(trial, 0, quants, from, n);
          best = error;
          scale = thisScale;
          bestLow = thisLow;
        }
      }
    }
    min = -bestLow;
    return scale;
  }

  /**
   * A scale such that {@code x ≈ scale * (quant - zero)} with quants in {@code 0 .. 2 * zero - 1},
   * squares of the numbers as weights.
   */
  float symmetric(float[] x, int from, int n, int zero, byte[] quants) {
    float largest = 0;
    float signed = 0;
    for (int i = from; i < from + n; i++) {
      if (Math.abs(x[i]) > largest) {
        largest = Math.abs(x[i]);
        signed = x[i];
      }
    }
    if (largest < TINY) {
      Arrays.fill(quants, from, from + n, (byte) 0);
      return 0;
    }
    float scale = 0;
    float best = 0;
    for (int s = 0; s <= 18; s++) {
      int trialNumber = s == 0 ? 0 : s <= 9 ? s - 10 : s - 9; // 0, -9 .. -1, 1 .. 9
      float inverse = trialNumber == 0 ? -zero / signed : -(zero + 0.1f * trialNumber) / signed;
      float sumLx = 0;
      float sumL2 = 0;
      for (int i = from; i < from + n; i++) {
        int quant = Math.clamp(nearest(inverse * x[i]), -zero, zero - 1);
        trial[i - from] = (byte) (quant + zero);
        float weight = x[i] * x[i];
        sumLx += weight * x[i] * quant;
        sumL2 += weight * quant * quant;
      }
      boolean first = s == 0;
      if (first || (sumL2 > 0 && sumLx * sumLx > best * sumL2)) {
        System.arraycopy(trial, 0, quants, from, n);
        scale = sumL2 == 0 ? 0 : sumLx / sumL2;
        best = scale * sumLx;
      }
    }
    return scale;
  }
}
