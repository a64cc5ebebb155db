package dev.wick.engine;

import dev.wick.engine.op.Expr;
import dev.wick.engine.op.Op;
import dev.wick.engine.spi.CommandQueue;
import dev.wick.engine.spi.DeviceBuffer;
import dev.wick.engine.spi.OpCall;
import dev.wick.engine.spi.TensorView;
import dev.wick.engine.tensor.DType;
import dev.wick.engine.tensor.Layout;
import dev.wick.engine.tensor.Shape;
import dev.wick.engine.tensor.TensorSpec;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/**
 * Owner of tensors: all that is created in a scope or computed from its tensors is freed when it
 * closes. Calls are serialised; a scope may be shared by threads, but is meant for one.
 */
public final class TensorScope extends Dispatcher implements AutoCloseable {
  private final CommandQueue queue;
  private final List<DeviceBuffer> buffers = new ArrayList<>();
  private boolean closed;

  TensorScope(Engine engine) {
    super(engine);
    this.queue = engine.device().newQueue();
  }

  @Override
  public int precedence() {
    return 0;
  }

  /**
   * A tensor of any scope of the same engine as one of this scope, so that what is computed from it
   * belongs here. The memory stays the other scope's.
   */
  @Override
  public Tensor adopt(Expr value) {
    if (!(value instanceof Tensor tensor)) {
      throw new IllegalArgumentException(
          "scope: expected a tensor, got a value of a trace or tape: " + value.spec());
    }
    if (tensor.evaluator() == this) {
      return tensor;
    }
    checkSameEngine(tensor.evaluator());
    tensor.evaluator().synchronize();
    return new Tensor(this, tensor.storage());
  }

  /** An F32 tensor with these elements in row-major order. */
  public Tensor tensor(float[] elements, long... extents) {
    return tensor(MemorySegment.ofArray(elements), TensorSpec.of(DType.F32, extents));
  }

  /** An I32 tensor with these elements in row-major order. */
  public Tensor tensor(int[] elements, long... extents) {
    return tensor(MemorySegment.ofArray(elements), TensorSpec.of(DType.I32, extents));
  }

  /**
   * A tensor with a copy of these bytes, little-endian and contiguous.
   *
   * @throws IllegalArgumentException if the number of bytes does not fit the spec
   */
  public synchronized Tensor tensor(MemorySegment bytes, TensorSpec spec) {
    checkSize(bytes, spec);
    Tensor tensor = zeros(spec);
    if (bytes.byteSize() > 0) {
      queue.upload(bytes, tensor.storage().buffer(), 0);
    }
    return tensor;
  }

  /** A tensor of zeros. */
  public synchronized Tensor zeros(TensorSpec spec) {
    checkOpen();
    DeviceBuffer buffer = engine.device().allocate(Math.max(1, spec.byteSize()));
    buffers.add(buffer);
    return new Tensor(
        this, new TensorView(buffer, 0, spec.dtype(), Layout.contiguous(spec.shape())));
  }

  /**
   * Host memory as a tensor that will not change, without a copy on devices that share it; the
   * memory must outlive the scope.
   *
   * @throws IllegalArgumentException if the number of bytes does not fit the spec
   */
  public synchronized Tensor wrap(MemorySegment bytes, TensorSpec spec) {
    checkOpen();
    checkSize(bytes, spec);
    if (bytes.byteSize() == 0) {
      return zeros(spec);
    }
    DeviceBuffer buffer = engine.device().wrap(bytes, spec);
    buffers.add(buffer);
    return new Tensor(
        this, new TensorView(buffer, 0, spec.dtype(), Layout.contiguous(spec.shape())));
  }

  @Override
  List<Expr> emit(Op op, List<Expr> operands, List<TensorSpec> results) {
    for (Expr operand : operands) {
      TensorScope owner = ((Tensor) operand).evaluator();
      checkSameEngine(owner);
      if (owner != this) {
        owner.synchronize();
      }
    }
    return submit(op, operands, results);
  }

  private synchronized List<Expr> submit(Op op, List<Expr> operands, List<TensorSpec> results) {
    checkOpen();
    List<TensorView> views = operands.stream().map(TensorScope::storage).toList();
    List<Expr> tensors = new ArrayList<>();
    for (int i = 0; i < results.size(); i++) {
      boolean inPlace = i == 0 && op.inPlaceOperand().isPresent();
      tensors.add(inPlace ? operands.get(op.inPlaceOperand().getAsInt()) : zeros(results.get(i)));
    }
    queue.submit(new OpCall(op, views, tensors.stream().map(TensorScope::storage).toList()));
    return tensors;
  }

  private static TensorView storage(Expr operand) {
    return ((Tensor) operand).storage();
  }

  /** Waits for all that was computed in this scope, so that other queues see it. */
  synchronized void synchronize() {
    checkOpen();
    queue.synchronize();
  }

  synchronized void upload(MemorySegment source, TensorView target) {
    checkOpen();
    queue.upload(source, target.buffer(), target.byteOffset());
    queue.synchronize(); // programs have queues of their own
  }

  synchronized void download(TensorView source, MemorySegment target) {
    checkOpen();
    queue.download(source.buffer(), source.byteOffset(), target);
  }

  static void checkSize(MemorySegment bytes, TensorSpec spec) {
    if (bytes.byteSize() != spec.byteSize()) {
      throw new IllegalArgumentException(
          "tensor: expected %d bytes for %s, got %d"
              .formatted(spec.byteSize(), spec, bytes.byteSize()));
    }
  }

  private void checkOpen() {
    if (closed) {
      throw new IllegalStateException("scope: expected an open scope, got a closed one");
    }
  }

  /** Elements of a shape as zeros of a type. */
  public Tensor zeros(DType dtype, Shape shape) {
    return zeros(new TensorSpec(dtype, shape));
  }

  /** Frees all tensors of this scope; idempotent. */
  @Override
  public synchronized void close() {
    if (closed) {
      return;
    }
    closed = true;
    try {
      queue.close(); // repeats a failure of an operation, if there was one
    } finally {
      buffers.forEach(DeviceBuffer::close);
      buffers.clear();
    }
  }
}
