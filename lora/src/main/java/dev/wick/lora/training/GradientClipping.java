package dev.wick.lora.training;

import java.util.List;

/**
 * Clipping by the norm of all gradients together (Pascanu et al. 2012, arXiv:1211.5063), as {@code
 * torch.nn.utils.clip_grad_norm_} does it.
 */
final class GradientClipping {
  private GradientClipping() {}

  /** The Euclidean norm of all elements; NaN or infinite if any is. */
  static double norm(List<float[]> gradients) {
    double total = 0;
    for (float[] gradient : gradients) {
      total += sumOfSquares(gradient);
    }
    return Math.sqrt(total);
  }

  /** In four sums, which the JIT compiler can keep apart. */
  private static double sumOfSquares(float[] values) {
    double a = 0;
    double b = 0;
    double c = 0;
    double d = 0;
    int i = 0;
    for (; i + 3 < values.length; i += 4) {
      a += (double) values[i] * values[i];
      b += (double) values[i + 1] * values[i + 1];
      c += (double) values[i + 2] * values[i + 2];
      d += (double) values[i + 3] * values[i + 3];
    }
    for (; i < values.length; i++) {
      a += (double) values[i] * values[i];
    }
    return a + b + (c + d);
  }

  /** Scales the gradients in place so that their norm is at most {@code maxNorm}. */
  static void clip(List<float[]> gradients, double norm, double maxNorm) {
    float factor = (float) Math.min(1, maxNorm / (norm + 1e-6));
    if (factor == 1) {
      return;
    }
    for (float[] gradient : gradients) {
      for (int i = 0; i < gradient.length; i++) {
        gradient[i] *= factor;
      }
    }
  }
}
