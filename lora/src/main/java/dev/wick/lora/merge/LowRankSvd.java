package dev.wick.lora.merge;

import java.util.Arrays;

/**
 * The singular value decomposition of a product B · A of small inner extent, in double precision:
 * QR decompositions of both factors, and one-sided Jacobi rotations (Hestenes 1958) on the small
 * matrix that remains. Nothing of size [out, in] is made.
 */
final class LowRankSvd {
  private static final int MAX_SWEEPS = 60;
  private static final double CONVERGED = 1e-15;

  private LowRankSvd() {}

  /**
   * Truncates a product.
   *
   * @param b [out, inner], row-major
   * @param a [inner, in], row-major
   * @param rank of the result; what exceeds the rank of the product is zero
   * @return B' [out, rank] with the singular values in it, and A' [rank, in] with orthonormal rows
   */
  static float[][] truncate(double[] b, double[] a, int out, int inner, int in, int rank) {
    double[][] columns = new double[inner][out]; // of B
    double[][] rows = new double[inner][in]; // of A
    for (int i = 0; i < inner; i++) {
      for (int k = 0; k < out; k++) {
        columns[i][k] = b[k * inner + i];
      }
      System.arraycopy(a, i * in, rows[i], 0, in);
    }
    double[][] rb = orthonormalize(columns); // B = Qb · Rb, columns now Qb
    double[][] ra = orthonormalize(rows); // Aᵀ = Qa · Ra, rows now Qa
    // The columns of M = Rb · Raᵀ, [inner, inner].
    double[][] m = new double[inner][inner];
    for (int j = 0; j < inner; j++) {
      for (int i = 0; i < inner; i++) {
        double sum = 0;
        for (int k = 0; k < inner; k++) {
          sum += rb[i][k] * ra[j][k];
        }
        m[j][i] = sum;
      }
    }
    double[][] v = jacobi(m); // the columns of M are now U · S
    Integer[] order = bySize(m);
    float[] newB = new float[out * rank];
    float[] newA = new float[rank * in];
    for (int r = 0; r < Math.min(rank, inner); r++) {
      double[] left = m[order[r]];
      double[] right = v[order[r]];
      double[] wideB = new double[out];
      double[] wideA = new double[in];
      for (int j = 0; j < inner; j++) {
        for (int k = 0; k < out; k++) {
          wideB[k] += columns[j][k] * left[j];
        }
        for (int k = 0; k < in; k++) {
          wideA[k] += rows[j][k] * right[j];
        }
      }
      for (int k = 0; k < out; k++) {
        newB[k * rank + r] = (float) wideB[k];
      }
      for (int k = 0; k < in; k++) {
        newA[r * in + k] = (float) wideA[k];
      }
    }
    return new float[][] {newB, newA};
  }

  /**
   * Makes vectors orthonormal by Gram and Schmidt, twice over for precision; vectors that depend on
   * earlier ones become zero.
   *
   * @return R [n, n] with vectors[j] = Σᵢ R[i][j] · q[i]
   */
  private static double[][] orthonormalize(double[][] vectors) {
    int n = vectors.length;
    double[][] r = new double[n][n];
    for (int j = 0; j < n; j++) {
      double before = norm(vectors[j]);
      for (int pass = 0; pass < 2; pass++) {
        for (int i = 0; i < j; i++) {
          double share = dot(vectors[i], vectors[j]);
          r[i][j] += share;
          for (int k = 0; k < vectors[j].length; k++) {
            vectors[j][k] -= share * vectors[i][k];
          }
        }
      }
      double norm = norm(vectors[j]);
      boolean dependent = norm <= 1e-13 * before;
      r[j][j] = dependent ? 0 : norm;
      for (int k = 0; k < vectors[j].length; k++) {
        vectors[j][k] = dependent ? 0 : vectors[j][k] / norm;
      }
    }
    return r;
  }

  /** Rotates columns until they are orthogonal; returns the columns of the product of rotations. */
  private static double[][] jacobi(double[][] m) {
    int n = m.length;
    double[][] v = new double[n][n];
    for (int i = 0; i < n; i++) {
      v[i][i] = 1;
    }
    boolean rotated = true;
    for (int sweep = 0; sweep < MAX_SWEEPS && rotated; sweep++) {
      rotated = false;
      for (int p = 0; p < n; p++) {
        for (int q = p + 1; q < n; q++) {
          double alpha = dot(m[p], m[p]);
          double beta = dot(m[q], m[q]);
          double gamma = dot(m[p], m[q]);
          if (Math.abs(gamma) > CONVERGED * Math.sqrt(alpha * beta)) {
            rotated = true;
            double zeta = (beta - alpha) / (2 * gamma);
            double t =
                Math.signum(zeta == 0 ? 1 : zeta) / (Math.abs(zeta) + Math.sqrt(1 + zeta * zeta));
            double c = 1 / Math.sqrt(1 + t * t);
            rotate(m[p], m[q], c, c * t);
            rotate(v[p], v[q], c, c * t);
          }
        }
      }
    }
    return v;
  }

  private static void rotate(double[] x, double[] y, double c, double s) {
    for (int k = 0; k < x.length; k++) {
      double old = x[k];
      x[k] = c * old - s * y[k];
      y[k] = s * old + c * y[k];
    }
  }

  private static Integer[] bySize(double[][] columns) {
    Integer[] order = new Integer[columns.length];
    for (int i = 0; i < order.length; i++) {
      order[i] = i;
    }
    Arrays.sort(order, (i, j) -> Double.compare(norm(columns[j]), norm(columns[i])));
    return order;
  }

  private static double dot(double[] x, double[] y) {
    double sum = 0;
    for (int k = 0; k < x.length; k++) {
      sum += x[k] * y[k];
    }
    return sum;
  }

  private static double norm(double[] x) {
    return Math.sqrt(dot(x, x));
  }
}
