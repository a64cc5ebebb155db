package dev.wick.engine.tensor;

import java.util.Arrays;

/** Extents of a tensor, outermost first; rank 0 is a scalar. Immutable. */
public final class Shape {
  /** The shape of a scalar. */
  public static final Shape SCALAR = new Shape();

  private final long[] extents;

  private Shape(long... extents) {
    this.extents = extents;
  }

  /**
   * The shape with these extents.
   *
   * @throws IllegalArgumentException if an extent is negative
   * @throws ArithmeticException if the number of elements exceeds a {@code long}
   */
  public static Shape of(long... extents) {
    long size = 1;
    for (long extent : extents) {
      if (extent < 0) {
        throw new IllegalArgumentException(
            "shape: expected extents of at least 0, got " + Arrays.toString(extents));
      }
      size = Math.multiplyExact(size, extent);
    }
    return new Shape(extents.clone());
  }

  /** Number of axes. */
  public int rank() {
    return extents.length;
  }

  /**
   * Extent of an axis; negative axes count from the end.
   *
   * @throws IndexOutOfBoundsException if there is no such axis
   */
  public long extent(int axis) {
    return extents[axis(axis)];
  }

  /**
   * The non-negative form of an axis, where -1 is the last.
   *
   * @throws IndexOutOfBoundsException if there is no such axis
   */
  public int axis(int axis) {
    int positive = axis < 0 ? axis + extents.length : axis;
    if (positive < 0 || positive >= extents.length) {
      throw new IndexOutOfBoundsException(
          "shape: expected an axis of %s, got %d".formatted(this, axis));
    }
    return positive;
  }

  /** Number of elements; 1 for a scalar. */
  public long size() {
    long size = 1;
    for (long extent : extents) {
      size *= extent;
    }
    return size;
  }

  /** The extents, as a copy. */
  public long[] toArray() {
    return extents.clone();
  }

  /** This shape with the extent of one axis replaced. */
  public Shape with(int axis, long extent) {
    long[] copy = extents.clone();
    copy[axis(axis)] = extent;
    return of(copy);
  }

  /** This shape without one axis. */
  public Shape without(int axis) {
    int gone = axis(axis);
    long[] copy = new long[extents.length - 1];
    System.arraycopy(extents, 0, copy, 0, gone);
    System.arraycopy(extents, gone + 1, copy, gone, copy.length - gone);
    return new Shape(copy);
  }

  /**
   * The common shape of two operands under NumPy broadcasting: aligned at the last axis, extents
   * equal or 1.
   *
   * @throws IllegalArgumentException if the shapes do not broadcast
   */
  public static Shape broadcast(Shape a, Shape b) {
    int rank = Math.max(a.rank(), b.rank());
    long[] result = new long[rank];
    for (int i = 1; i <= rank; i++) {
      long x = i <= a.rank() ? a.extents[a.rank() - i] : 1;
      long y = i <= b.rank() ? b.extents[b.rank() - i] : 1;
      if (x != y && x != 1 && y != 1) {
        throw new IllegalArgumentException(
            "broadcast: expected equal extents or 1, got %s and %s".formatted(a, b));
      }
      result[rank - i] = x == 1 ? y : x;
    }
    return new Shape(result);
  }

  /** Strides in elements of the row-major layout without gaps. */
  public long[] contiguousStrides() {
    long[] strides = new long[extents.length];
    long stride = 1;
    for (int i = extents.length - 1; i >= 0; i--) {
      strides[i] = stride;
      stride *= extents[i];
    }
    return strides;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Shape shape && Arrays.equals(extents, shape.extents);
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(extents);
  }

  /** The extents in brackets: {@code [2, 3]}. */
  @Override
  public String toString() {
    return Arrays.toString(extents);
  }
}
