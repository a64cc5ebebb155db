package dev.wick.engine.spi;

import dev.wick.engine.tensor.DType;
import dev.wick.engine.tensor.Layout;
import dev.wick.engine.tensor.Shape;
import dev.wick.engine.tensor.TensorSpec;
import java.util.Objects;

/**
 * A tensor as a backend sees it: a place in a buffer and a layout.
 *
 * @param byteOffset where in the buffer the first element lies
 */
public record TensorView(DeviceBuffer buffer, long byteOffset, DType dtype, Layout layout) {
  public TensorView {
    Objects.requireNonNull(buffer, "buffer");
    Objects.requireNonNull(dtype, "dtype");
    Objects.requireNonNull(layout, "layout");
    long bytes =
        dtype.isQuantized() ? dtype.byteSize(layout.shape().size()) : dtype.byteSize(layout.span());
    if (byteOffset < 0 || bytes > buffer.byteSize() - byteOffset) {
      throw new IllegalArgumentException(
          "tensor: expected a view within %d bytes, got %d bytes at %d"
              .formatted(buffer.byteSize(), bytes, byteOffset));
    }
  }

  /** Extents. */
  public Shape shape() {
    return layout.shape();
  }

  /** Element type and shape. */
  public TensorSpec spec() {
    return new TensorSpec(dtype, layout.shape());
  }
}
