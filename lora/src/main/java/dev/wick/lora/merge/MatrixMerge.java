package dev.wick.lora.merge;

import dev.wick.engine.model.LowRank;
import dev.wick.engine.tensor.HostTensor;
import dev.wick.lora.tensor.FlatPart;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/**
 * Adds adapters to one weight matrix, row by row. An adapter of weight w turns W into W + w · (W' -
 * W), where W' is what the adapter alone makes of W: W + scale · B · A, or with a magnitude m
 * decomposed to m / ‖W + scale · B · A‖ · (W + scale · B · A). Several adapters add up, each seen
 * from W. All arithmetic is in F32. A share of -1 takes a change back out of a weight that it was
 * merged into, unless it is decomposed. One thread at a time.
 */
public final class MatrixMerge {
  private final HostTensor weight;
  private final int columns;
  private final boolean embedding;
  private final List<Part> parts = new ArrayList<>();
  private final float[] original;
  private final float[] change;

  /** What one adapter does to a row. */
  private interface Part {
    /** Adds its share of the change of row {@code index}, of which {@code original} is the base. */
    void addTo(long index, float[] row);
  }

  private MatrixMerge(HostTensor weight, boolean embedding) {
    if (weight.shape().rank() != 2) {
      throw new IllegalArgumentException("merge: expected a matrix, got " + weight.spec());
    }
    this.weight = weight;
    this.columns = Math.toIntExact(weight.shape().extent(1));
    this.embedding = embedding;
    this.original = new float[columns];
    this.change = new float[columns];
  }

  /** A merge into the weight of a linear layer, [out, in]. */
  public static MatrixMerge ofLinear(HostTensor weight) {
    return new MatrixMerge(weight, false);
  }

  /** A merge into the table of an embedding, [vocab, hidden]. */
  public static MatrixMerge ofEmbedding(HostTensor weight) {
    return new MatrixMerge(weight, true);
  }

  /**
   * Adds a low-rank change.
   *
   * @param share how much of it, 1 for all
   * @return this merge
   * @throws IllegalArgumentException if the shapes do not fit
   */
  public MatrixMerge add(LowRank delta, float share) {
    long rows = weight.shape().extent(0);
    if ((embedding ? delta.in() : delta.out()) != rows
        || (embedding ? delta.out() : delta.in()) != columns) {
      throw new IllegalArgumentException(
          "merge: expected a change of %s, got A %s and B %s"
              .formatted(weight.spec(), delta.a().spec(), delta.b().spec()));
    }
    RowDelta rowDelta = embedding ? RowDelta.ofEmbedding(delta) : RowDelta.ofLinear(delta);
    if (delta.magnitude().isEmpty()) {
      parts.add((index, row) -> addLowRank(rowDelta, share, index, row));
    } else if (!embedding) {
      float[] magnitude = delta.magnitude().get().toFloatArray();
      parts.add((index, row) -> addDecomposed(rowDelta, magnitude, share, index, row));
    } else {
      float[] factors = columnFactors(rowDelta, delta.magnitude().get().toFloatArray());
      parts.add((index, row) -> addColumnwise(rowDelta, factors, share, index, row));
    }
    return this;
  }

  /** A row of the result. */
  void row(long index, float[] target) {
    read(weight, index, original);
    System.arraycopy(original, 0, target, 0, columns);
    for (Part part : parts) {
      part.addTo(index, target);
    }
  }

  /** The result, [rows, columns] in F32. */
  public float[] toFloatArray() {
    int rows = Math.toIntExact(weight.shape().extent(0));
    float[] result = new float[Math.multiplyExact(rows, columns)];
    float[] row = new float[columns];
    for (int i = 0; i < rows; i++) {
      row(i, row);
      System.arraycopy(row, 0, result, i * columns, columns);
    }
    return result;
  }

  private void addLowRank(RowDelta delta, float share, long index, float[] row) {
    delta.compute(index, change);
    for (int k = 0; k < columns; k++) {
      row[k] += share * change[k];
    }
  }

  private void addDecomposed(
      RowDelta delta, float[] magnitude, float share, long index, float[] row) {
    delta.compute(index, change);
    double squares = 0;
    for (int k = 0; k < columns; k++) {
      change[k] += original[k];
      squares += (double) change[k] * change[k];
    }
    float factor = magnitude[Math.toIntExact(index)] / (float) Math.sqrt(squares);
    for (int k = 0; k < columns; k++) {
      row[k] += share * (factor * change[k] - original[k]);
    }
  }

  /** An embedding is decomposed by hidden channel. */
  private float[] columnFactors(RowDelta delta, float[] magnitude) {
    double[] squares = new double[columns];
    for (long i = 0; i < weight.shape().extent(0); i++) {
      read(weight, i, original);
      delta.compute(i, change);
      for (int k = 0; k < columns; k++) {
        double value = original[k] + change[k];
        squares[k] += value * value;
      }
    }
    float[] factors = new float[columns];
    for (int k = 0; k < columns; k++) {
      factors[k] = magnitude[k] / (float) Math.sqrt(squares[k]);
    }
    return factors;
  }

  private void addColumnwise(
      RowDelta delta, float[] factors, float share, long index, float[] row) {
    delta.compute(index, change);
    for (int k = 0; k < columns; k++) {
      row[k] += share * (factors[k] * (original[k] + change[k]) - original[k]);
    }
  }

  private void read(HostTensor matrix, long index, float[] target) {
    FlatPart.of(matrix, index * columns, columns).toFloat(MemorySegment.ofArray(target));
  }
}
