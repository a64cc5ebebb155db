package dev.wick.engine.tensor;

import java.util.Objects;

/** Element type and shape of a tensor: all that shape rules and capability questions look at. */
public record TensorSpec(DType dtype, Shape shape) {
  public TensorSpec {
    Objects.requireNonNull(dtype, "dtype");
    Objects.requireNonNull(shape, "shape");
  }

  /** The spec with this type and these extents. */
  public static TensorSpec of(DType dtype, long... extents) {
    return new TensorSpec(dtype, Shape.of(extents));
  }

  /** Bytes of the contiguous layout. */
  public long byteSize() {
    return dtype.byteSize(shape.size());
  }

  /** This spec with another shape. */
  public TensorSpec withShape(Shape other) {
    return new TensorSpec(dtype, other);
  }

  /** This spec with another element type. */
  public TensorSpec withDType(DType other) {
    return new TensorSpec(other, shape);
  }

  /** For example {@code F32[2, 3]}. */
  @Override
  public String toString() {
    return dtype.toString() + shape;
  }
}
