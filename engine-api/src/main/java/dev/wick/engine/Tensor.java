package dev.wick.engine;

import dev.wick.engine.op.Expr;
import dev.wick.engine.spi.TensorView;
import dev.wick.engine.tensor.DType;
import dev.wick.engine.tensor.Layout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** A tensor in device memory, owned by a scope. Operations on it run at once, into its scope. */
public final class Tensor implements Expr {
  private final TensorScope scope;
  private final TensorView view;

  Tensor(TensorScope scope, TensorView view) {
    this.scope = scope;
    this.view = view;
  }

  @Override
  public DType dtype() {
    return view.dtype();
  }

  @Override
  public Layout layout() {
    return view.layout();
  }

  @Override
  public TensorScope evaluator() {
    return scope;
  }

  @Override
  public Tensor view(Layout layout, long offset) {
    long bytes = dtype().byteSize(offset);
    return new Tensor(
        scope, new TensorView(view.buffer(), view.byteOffset() + bytes, dtype(), layout));
  }

  /** Where the elements lie. */
  public TensorView storage() {
    return view;
  }

  /**
   * The elements in row-major order.
   *
   * @throws IllegalStateException if the type is not F32; cast first
   */
  public float[] toFloatArray() {
    float[] result = new float[arrayLength(DType.F32)];
    read(MemorySegment.ofArray(result));
    return result;
  }

  /**
   * The elements in row-major order.
   *
   * @throws IllegalStateException if the type is not I32; cast first
   */
  public int[] toIntArray() {
    int[] result = new int[arrayLength(DType.I32)];
    read(MemorySegment.ofArray(result));
    return result;
  }

  /** Copies the elements in row-major order, in the tensor's own type, to host memory. */
  public void read(MemorySegment target) {
    Tensor source = (Tensor) contiguous();
    scope.download(source.view, target.asSlice(0, spec().byteSize()));
  }

  /**
   * Overwrites the elements, in row-major order and in the tensor's own type. Programs that are
   * enqueued later see the new ones.
   *
   * @throws IllegalArgumentException if the number of bytes does not fit
   * @throws IllegalStateException if the tensor is a view with gaps
   */
  public void write(MemorySegment source) {
    if (!layout().isContiguous()) {
      throw new IllegalStateException("write: expected a contiguous tensor, got a view of " + this);
    }
    TensorScope.checkSize(source, spec());
    scope.upload(source, view);
  }

  /** The element of a scalar or one-element F32 tensor. */
  public float item() {
    MemorySegment value = MemorySegment.ofArray(new float[arrayLength(DType.F32) == 1 ? 1 : 0]);
    if (value.byteSize() == 0) {
      throw new IllegalStateException("item: expected one element, got " + spec());
    }
    read(value);
    return value.get(ValueLayout.JAVA_FLOAT_UNALIGNED, 0);
  }

  private int arrayLength(DType expected) {
    if (dtype() != expected) {
      throw new IllegalStateException(
          "tensor: expected %s elements, got %s; cast first".formatted(expected, spec()));
    }
    return Math.toIntExact(shape().size());
  }

  /** Type and shape. */
  @Override
  public String toString() {
    return spec().toString();
  }
}
