package dev.wick.engine.tck.reference;

import dev.wick.engine.tensor.Layout;

/** Walks the elements of a layout in row-major order. */
final class Cursor {
  private final long[] extents;
  private final long[] strides;
  private final long[] index;
  private long position;

  Cursor(Layout layout) {
    this.extents = layout.shape().toArray();
    this.strides = layout.strides();
    this.index = new long[extents.length];
  }

  /** Elements from the first to the present one. */
  long position() {
    return position;
  }

  /** Goes on to the next element; after the last, to the first. */
  void advance() {
    for (int axis = extents.length - 1; axis >= 0; axis--) {
      index[axis]++;
      position += strides[axis];
      if (index[axis] < extents[axis]) {
        return;
      }
      position -= index[axis] * strides[axis];
      index[axis] = 0;
    }
  }

  /** The present position, before going on. */
  long next() {
    long present = position;
    advance();
    return present;
  }
}
