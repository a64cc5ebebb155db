package dev.wick.engine.tck;

import dev.wick.engine.spi.DeviceBuffer;
import dev.wick.engine.spi.TensorView;
import dev.wick.engine.tensor.Layout;
import dev.wick.engine.tensor.Shape;
import dev.wick.engine.tensor.TensorSpec;

/**
 * A tensor laid out in memory.
 *
 * @param content what a reader of the layout sees
 * @param storage the bytes of the buffer
 * @param offset elements before the first
 */
@SuppressWarnings("ArrayRecordComponent") // never compared, only carried
record PlacedTensor(HostTensor content, byte[] storage, Layout layout, int offset) {
  TensorSpec spec() {
    return content.spec();
  }

  TensorView view(DeviceBuffer buffer) {
    return new TensorView(
        buffer, (long) offset * content.dtype().blockBytes(), content.dtype(), layout);
  }

  /** What a reader of the layout sees once the storage has other bytes. */
  HostTensor read(byte[] changed) {
    int unit = content.dtype().blockBytes();
    HostTensor result = HostTensor.zeros(content.spec());
    long[] positions = positions(layout);
    for (int i = 0; i < positions.length; i++) {
      int at = Math.toIntExact(offset + positions[i]) * unit;
      System.arraycopy(changed, at, result.bytes(), i * unit, unit);
    }
    return result;
  }

  /** Position of each element in row-major order. */
  static long[] positions(Layout layout) {
    Shape shape = layout.shape();
    long[] result = new long[Math.toIntExact(shape.size())];
    int known = 1; // so many positions of the axes done so far, counted from the last
    for (int axis = shape.rank() - 1; axis >= 0 && result.length > 0; axis--) {
      int extent = Math.toIntExact(shape.extent(axis));
      for (int index = 1; index < extent; index++) {
        for (int i = 0; i < known; i++) {
          result[index * known + i] = result[i] + index * layout.stride(axis);
        }
      }
      known *= extent;
    }
    return result;
  }
}
