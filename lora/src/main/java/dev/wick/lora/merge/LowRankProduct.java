package dev.wick.lora.merge;

import dev.wick.engine.model.LowRank;

/**
 * Norms and inner products of the matrices scale · B · A, computed from the factors: ⟨B₁A₁, B₂A₂⟩
 * is the sum over i and j of (B₁ᵀB₂)[i, j] · (A₁A₂ᵀ)[i, j]. The matrices themselves are never made.
 */
public final class LowRankProduct {
  private LowRankProduct() {}

  /**
   * The inner product of two changes, magnitudes and biases left aside.
   *
   * @throws IllegalArgumentException if they are not changes of equal linears
   */
  public static double inner(LowRank x, LowRank y) {
    if (x.in() != y.in() || x.out() != y.out()) {
      throw new IllegalArgumentException(
          "adapter: expected changes of one linear, got [%d, %d] and [%d, %d]"
              .formatted(x.out(), x.in(), y.out(), y.in()));
    }
    float[] ax = x.a().toFloatArray();
    float[] ay = y.a().toFloatArray();
    float[] bx = x.b().toFloatArray();
    float[] by = y.b().toFloatArray();
    int in = Math.toIntExact(x.in());
    int out = Math.toIntExact(x.out());
    double sum = 0;
    for (int i = 0; i < x.rank(); i++) {
      for (int j = 0; j < y.rank(); j++) {
        double rows = 0;
        for (int k = 0; k < in; k++) {
          rows += (double) ax[i * in + k] * ay[j * in + k];
        }
        double columns = 0;
        for (int k = 0; k < out; k++) {
          columns += (double) bx[k * x.rank() + i] * by[k * y.rank() + j];
        }
        sum += rows * columns;
      }
    }
    return sum * x.scale() * y.scale();
  }

  /** The Frobenius norm of a change. */
  public static double norm(LowRank delta) {
    return Math.sqrt(Math.max(0, inner(delta, delta)));
  }

  /** The Frobenius norm of the difference of two changes. */
  public static double distance(LowRank x, LowRank y) {
    return Math.sqrt(Math.max(0, inner(x, x) + inner(y, y) - 2 * inner(x, y)));
  }
}
