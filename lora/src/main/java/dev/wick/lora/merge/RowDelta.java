package dev.wick.lora.merge;

import dev.wick.engine.model.LowRank;
import java.util.Arrays;

/**
 * A low-rank change seen row by row of the weight: row i gets the sum over j of c[i, j] · v[j]. For
 * a linear c is B and v is A; for an embedding, whose weight lies the other way, c is the transpose
 * of A and v that of B.
 */
final class RowDelta {
  private final int rank;
  private final int columns;
  private final float[] coefficients;
  private final int rowStride;
  private final int rankStride;
  private final float[] vectors;
  private final float scale;

  private RowDelta(
      int rank,
      int columns,
      float[] coefficients,
      int rowStride,
      int rankStride,
      float[] vectors,
      float scale) {
    this.rank = rank;
    this.columns = columns;
    this.coefficients = coefficients;
    this.rowStride = rowStride;
    this.rankStride = rankStride;
    this.vectors = vectors;
    this.scale = scale;
  }

  static RowDelta ofLinear(LowRank delta) {
    int rank = delta.rank();
    return new RowDelta(
        rank,
        Math.toIntExact(delta.in()),
        delta.b().toFloatArray(),
        rank,
        1,
        delta.a().toFloatArray(),
        delta.scale());
  }

  static RowDelta ofEmbedding(LowRank delta) {
    int rank = delta.rank();
    int hidden = Math.toIntExact(delta.out());
    float[] b = delta.b().toFloatArray();
    float[] vectors = new float[b.length];
    for (int i = 0; i < hidden; i++) {
      for (int j = 0; j < rank; j++) {
        vectors[j * hidden + i] = b[i * rank + j];
      }
    }
    float[] a = delta.a().toFloatArray();
    return new RowDelta(rank, hidden, a, 1, Math.toIntExact(delta.in()), vectors, delta.scale());
  }

  /** Writes the change of a row, scaled, to {@code row}. */
  void compute(long index, float[] row) {
    Arrays.fill(row, 0, columns, 0);
    for (int j = 0; j < rank; j++) {
      float c = coefficients[Math.toIntExact(index * rowStride + (long) j * rankStride)];
      int begin = j * columns;
      for (int k = 0; k < columns; k++) {
        row[k] += c * vectors[begin + k];
      }
    }
    for (int k = 0; k < columns; k++) {
      row[k] *= scale;
    }
  }
}
