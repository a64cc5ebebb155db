package dev.wick.engine.tck;

import dev.wick.engine.tensor.Layout;
import dev.wick.engine.tensor.Shape;
import java.util.Arrays;
import java.util.random.RandomGenerator;

/** Ways to lay a tensor out in memory that a backend must all read alike. */
enum Placement {
  /** Row-major from the start of the buffer. */
  PLAIN,
  /** Row-major from somewhere in the buffer, aligned to no more than an element. */
  OFFSET,
  /** Part of a larger tensor along every axis. */
  SLICED,
  /** Two axes exchanged, as a linear layer passes its weight. */
  TRANSPOSED,
  /** The first index of one axis repeated with stride 0. */
  BROADCAST,
  /** Part of a larger tensor with two axes exchanged. */
  SLICED_AND_TRANSPOSED;

  /** The content of what lies between and around the elements: NaN, or an index out of range. */
  private static final byte SURROUNDING = (byte) 0xff;

  /** Lays a tensor out; with {@link #BROADCAST}, its content changes to what is repeated. */
  PlacedTensor place(HostTensor tensor, RandomGenerator random) {
    Shape shape = tensor.spec().shape();
    if (tensor.dtype().isQuantized() || (shape.rank() == 0 && this != OFFSET)) {
      return lay(tensor, Layout.contiguous(shape), 0, tensor.size());
    }
    return switch (this) {
      case PLAIN -> lay(tensor, Layout.contiguous(shape), 0, tensor.size());
      case OFFSET -> {
        int offset = 1 + random.nextInt(7);
        yield lay(tensor, Layout.contiguous(shape), offset, offset + tensor.size() + 5);
      }
      case SLICED -> sliced(tensor, shape, -1, -1, random);
      case TRANSPOSED -> transposed(tensor, shape, random, false);
      case SLICED_AND_TRANSPOSED -> transposed(tensor, shape, random, true);
      case BROADCAST -> {
        int axis = random.nextInt(shape.rank());
        if (shape.extent(axis) < 2) {
          yield lay(tensor, Layout.contiguous(shape), 0, tensor.size());
        }
        Shape once = shape.with(axis, 1);
        Layout layout = Layout.contiguous(once).broadcast(shape);
        yield layFirst(tensor, layout, once);
      }
    };
  }

  private static PlacedTensor transposed(
      HostTensor tensor, Shape shape, RandomGenerator random, boolean sliced) {
    int rank = shape.rank();
    int a = rank - 1;
    int b = rank == 1 ? 0 : random.nextBoolean() ? rank - 2 : random.nextInt(rank - 1);
    if (sliced) {
      return sliced(tensor, shape, a, b, random);
    }
    Layout stored = Layout.contiguous(exchange(shape, a, b));
    return lay(tensor, stored.transpose(a, b), 0, tensor.size());
  }

  private static PlacedTensor sliced(
      HostTensor tensor, Shape shape, int a, int b, RandomGenerator random) {
    boolean exchanged = a >= 0;
    Shape inner = exchanged ? exchange(shape, a, b) : shape;
    long[] outer = inner.toArray();
    long[] start = new long[outer.length];
    for (int axis = 0; axis < outer.length; axis++) {
      start[axis] = random.nextInt(3);
      outer[axis] += start[axis] + random.nextInt(3);
    }
    Layout layout = Layout.contiguous(Shape.of(outer));
    int total = Math.toIntExact(layout.shape().size());
    long offset = 0;
    for (int axis = 0; axis < outer.length; axis++) {
      offset += start[axis] * layout.stride(axis);
      layout = layout.slice(axis, start[axis], start[axis] + inner.extent(axis));
    }
    return lay(tensor, exchanged ? layout.transpose(a, b) : layout, Math.toIntExact(offset), total);
  }

  private static Shape exchange(Shape shape, int a, int b) {
    return shape.with(a, shape.extent(b)).with(b, shape.extent(a));
  }

  private static PlacedTensor lay(HostTensor tensor, Layout layout, int offset, int elements) {
    int unit = tensor.dtype().blockBytes();
    if (tensor.dtype().isQuantized()) {
      int bytes = Math.max(unit, tensor.bytes().length);
      return new PlacedTensor(tensor, Arrays.copyOf(tensor.bytes(), bytes), layout, 0);
    }
    byte[] storage = new byte[Math.max(1, elements) * unit];
    Arrays.fill(storage, SURROUNDING);
    if (tensor.size() == 0) {
      return new PlacedTensor(tensor, storage, layout, 0);
    }
    long[] positions = PlacedTensor.positions(layout);
    for (int i = 0; i < positions.length; i++) {
      int at = Math.toIntExact(offset + positions[i]) * unit;
      System.arraycopy(tensor.bytes(), i * unit, storage, at, unit);
    }
    return new PlacedTensor(tensor, storage, layout, offset);
  }

  private static PlacedTensor layFirst(HostTensor tensor, Layout layout, Shape once) {
    int unit = tensor.dtype().blockBytes();
    byte[] storage = new byte[Math.max(1, Math.toIntExact(once.size())) * unit];
    byte[] repeated = new byte[tensor.bytes().length];
    long[] positions = PlacedTensor.positions(layout);
    // Backwards, so that the first index along the axis is the one that stays.
    for (int i = positions.length - 1; i >= 0; i--) {
      System.arraycopy(
          tensor.bytes(), i * unit, storage, Math.toIntExact(positions[i]) * unit, unit);
    }
    for (int i = 0; i < positions.length; i++) {
      System.arraycopy(storage, Math.toIntExact(positions[i]) * unit, repeated, i * unit, unit);
    }
    return new PlacedTensor(new HostTensor(tensor.spec(), repeated), storage, layout, 0);
  }
}
