package dev.wick.engine.tensor;

import java.util.Arrays;
import java.util.Optional;

/**
 * A shape and, per axis, the distance in elements between neighbours. Views are arithmetic on
 * layouts; none of it touches data. Immutable.
 */
public final class Layout {
  private final Shape shape;
  private final long[] strides;
  private final boolean contiguous;

  private Layout(Shape shape, long[] strides) {
    this.shape = shape;
    this.strides = strides;
    this.contiguous = shape.size() == 0 || hasNoGaps(shape, strides);
  }

  /** The row-major layout without gaps. */
  public static Layout contiguous(Shape shape) {
    return new Layout(shape, shape.contiguousStrides());
  }

  private static boolean hasNoGaps(Shape shape, long[] strides) {
    long expected = 1;
    for (int i = strides.length - 1; i >= 0; i--) {
      long extent = shape.extent(i);
      if (extent != 1 && strides[i] != expected) {
        return false;
      }
      expected *= extent;
    }
    return true;
  }

  /** Extents of the view. */
  public Shape shape() {
    return shape;
  }

  /** Distance in elements between neighbours along an axis; 0 where the axis is broadcast. */
  public long stride(int axis) {
    return strides[shape.axis(axis)];
  }

  /** The strides, as a copy. */
  public long[] strides() {
    return strides.clone();
  }

  /** Whether the elements stand in row-major order without gaps. */
  public boolean isContiguous() {
    return contiguous;
  }

  /** Elements from the first to one past the last that the view reaches; 0 if it is empty. */
  public long span() {
    if (shape.size() == 0) {
      return 0;
    }
    long last = 0;
    for (int i = 0; i < strides.length; i++) {
      last += (shape.extent(i) - 1) * strides[i];
    }
    return last + 1;
  }

  /** This layout with two axes exchanged. */
  public Layout transpose(int a, int b) {
    int first = shape.axis(a);
    int second = shape.axis(b);
    long[] extents = shape.toArray();
    long[] moved = strides.clone();
    long extent = extents[first];
    extents[first] = extents[second];
    extents[second] = extent;
    moved[first] = strides[second];
    moved[second] = strides[first];
    return new Layout(Shape.of(extents), moved);
  }

  /**
   * The part of this layout with indices {@code from} (inclusive) to {@code to} (exclusive) along
   * an axis. Its first element lies {@code from * stride(axis)} elements after this layout's.
   *
   * @throws IllegalArgumentException if the range does not lie within the axis
   */
  public Layout slice(int axis, long from, long to) {
    if (from < 0 || to < from || to > shape.extent(axis)) {
      throw new IllegalArgumentException(
          "slice: expected a range within 0..%d of axis %d of %s, got %d..%d"
              .formatted(shape.extent(axis), axis, shape, from, to));
    }
    return new Layout(shape.with(axis, to - from), strides);
  }

  /**
   * This layout repeated to a larger shape under NumPy rules, with stride 0 along repeated axes.
   *
   * @throws IllegalArgumentException if the shape does not broadcast to {@code target}
   */
  public Layout broadcast(Shape target) {
    int missing = target.rank() - shape.rank();
    if (missing < 0 || !Shape.broadcast(shape, target).equals(target)) {
      throw new IllegalArgumentException(
          "broadcast: expected a shape that extends to %s, got %s".formatted(target, shape));
    }
    long[] repeated = new long[target.rank()];
    for (int i = missing; i < repeated.length; i++) {
      boolean repeats = shape.extent(i - missing) == 1 && target.extent(i) != 1;
      repeated[i] = repeats ? 0 : strides[i - missing];
    }
    return new Layout(target, repeated);
  }

  /**
   * The same elements in the same order under another shape, or empty if strides cannot express it
   * and a copy is needed.
   *
   * @throws IllegalArgumentException if the number of elements differs
   */
  public Optional<Layout> reshape(Shape target) {
    if (target.size() != shape.size()) {
      throw new IllegalArgumentException(
          "reshape: expected %d elements as in %s, got %s".formatted(shape.size(), shape, target));
    }
    if (contiguous) {
      return Optional.of(contiguous(target));
    }
    long[] result = new long[target.rank()];
    int from = 0;
    int to = 0;
    // Match runs of axes with equal products; within a run the source must be free of gaps.
    while (from < shape.rank() || to < target.rank()) {
      int fromEnd = from;
      int toEnd = to;
      long source = fromEnd < shape.rank() ? shape.extent(fromEnd++) : 1;
      long wanted = toEnd < target.rank() ? target.extent(toEnd++) : 1;
      while (source != wanted) {
        if (source < wanted) {
          source *= shape.extent(fromEnd++);
        } else {
          wanted *= target.extent(toEnd++);
        }
      }
      long stride = 1;
      boolean first = true;
      for (int i = fromEnd - 1; i >= from; i--) {
        if (shape.extent(i) == 1) {
          continue;
        }
        if (first) {
          stride = strides[i];
          wanted = stride * shape.extent(i);
          first = false;
        } else if (strides[i] != wanted) {
          return Optional.empty();
        } else {
          wanted *= shape.extent(i);
        }
      }
      for (int i = toEnd - 1; i >= to; i--) {
        result[i] = stride;
        stride *= target.extent(i);
      }
      from = fromEnd;
      to = toEnd;
    }
    return Optional.of(new Layout(target, result));
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Layout layout
        && shape.equals(layout.shape)
        && Arrays.equals(strides, layout.strides);
  }

  @Override
  public int hashCode() {
    return 31 * shape.hashCode() + Arrays.hashCode(strides);
  }

  /** The extents, followed by the strides unless contiguous. */
  @Override
  public String toString() {
    return contiguous ? shape.toString() : shape + " strides " + Arrays.toString(strides);
  }
}
