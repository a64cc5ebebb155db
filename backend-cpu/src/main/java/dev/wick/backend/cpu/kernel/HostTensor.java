package dev.wick.backend.cpu.kernel;

import dev.wick.backend.cpu.loop.Layouts;
import dev.wick.engine.spi.TensorView;
import dev.wick.engine.tensor.DType;
import dev.wick.engine.tensor.Layout;
import dev.wick.engine.tensor.Shape;
import java.lang.foreign.MemorySegment;

/** A tensor in host memory, with strides in bytes. */
final class HostTensor {
  private final MemorySegment segment;
  private final long offset;
  private final DType dtype;
  private final Layout layout;
  private final long[] extents;
  private final long[] strides;

  HostTensor(MemorySegment segment, long offset, DType dtype, Layout layout) {
    this.segment = segment;
    this.offset = offset;
    this.dtype = dtype;
    this.layout = layout;
    this.extents = layout.shape().toArray();
    this.strides = layout.strides();
    for (int i = 0; i < strides.length; i++) {
      strides[i] *= dtype.blockBytes();
    }
  }

  /** The tensor that a view describes, whose buffer must be one of this backend. */
  static HostTensor of(TensorView view, Segments segments) {
    return new HostTensor(
        segments.of(view.buffer()), view.byteOffset(), view.dtype(), view.layout());
  }

  MemorySegment segment() {
    return segment;
  }

  /** Bytes from the segment's start to the first element. */
  long offset() {
    return offset;
  }

  DType dtype() {
    return dtype;
  }

  Layout layout() {
    return layout;
  }

  Shape shape() {
    return layout.shape();
  }

  int rank() {
    return extents.length;
  }

  long size() {
    return layout.shape().size();
  }

  /** Extent of an axis as an {@code int}. */
  int extent(int axis) {
    return Math.toIntExact(layout.shape().extent(axis));
  }

  /** Bytes between neighbours along an axis. */
  long stride(int axis) {
    return strides[layout.shape().axis(axis)];
  }

  boolean isContiguous() {
    return layout.isContiguous();
  }

  /** Whether elements along the last axis lie next to each other. */
  boolean hasContiguousRows() {
    int last = extents.length - 1;
    return last < 0 || extents[last] <= 1 || strides[last] == dtype.blockBytes();
  }

  /** The same elements repeated to a larger shape. */
  HostTensor broadcast(Shape target) {
    return new HostTensor(segment, offset, dtype, layout.broadcast(target));
  }

  /** The part with indices {@code from} to {@code to} along an axis. */
  HostTensor slice(int axis, long from, long to) {
    long start = offset + from * stride(axis);
    return new HostTensor(segment, start, dtype, layout.slice(axis, from, to));
  }

  /** The first row along axis 0, without that axis; a place only, if there are no rows. */
  HostTensor firstRow() {
    Shape row = layout.shape().without(0);
    Layout rowLayout =
        extents[0] == 0 ? Layout.contiguous(row) : layout.slice(0, 0, 1).reshape(row).orElseThrow();
    return new HostTensor(segment, offset, dtype, rowLayout);
  }

  /** Byte offset of the element with this row-major number. */
  long at(long index) {
    long rest = index;
    long at = offset;
    for (int i = extents.length - 1; i >= 0; i--) {
      at += rest % extents[i] * strides[i];
      rest /= extents[i];
    }
    return at;
  }

  /** The I32 element with this row-major number. */
  int intAt(long index) {
    return segment.get(Layouts.INT, at(index));
  }

  /** An element of an F32 tensor. */
  float floatAt(long index) {
    return segment.get(Layouts.FLOAT, at(index));
  }
}
