package dev.wick.engine.nd4j;

import dev.wick.engine.op.ExpertMatMul;
import dev.wick.engine.op.FusedOp;
import dev.wick.engine.op.LogSumExp;
import dev.wick.engine.op.MatMul;
import dev.wick.engine.op.Op;
import dev.wick.engine.op.PagedAttention;
import dev.wick.engine.op.PrimitiveOp;
import dev.wick.engine.op.RmsNorm;
import dev.wick.engine.op.Rope;
import dev.wick.engine.op.Softmax;
import dev.wick.engine.op.SwiGlu;
import dev.wick.engine.op.TopK;
import dev.wick.engine.spi.CommandQueue;
import dev.wick.engine.spi.Device;
import dev.wick.engine.spi.DeviceBuffer;
import dev.wick.engine.spi.DeviceException;
import dev.wick.engine.spi.DeviceInfo;
import dev.wick.engine.spi.DeviceMemoryException;
import dev.wick.engine.tensor.DType;
import dev.wick.engine.tensor.TensorSpec;
import java.lang.System.Logger.Level;
import java.lang.foreign.MemorySegment;
import java.util.List;

/**
 * ND4J over host memory. On a backend that cannot compute there, such as CUDA, it multiplies
 * copies. Thread-safe.
 */
final class Nd4jDevice implements Device {
  private static final System.Logger LOGGER = System.getLogger("dev.wick.engine.nd4j");

  private final DeviceInfo info;
  private final Compiler compiler;
  private long openBuffers;
  private long openBytes;
  private boolean closed;

  private Nd4jDevice(DeviceInfo info, Compiler compiler) {
    this.info = info;
    this.compiler = compiler;
  }

  static Nd4jDevice open(DeviceInfo info, Compiler compiler) {
    Nd4jLibrary.start(info.id());
    if (compiler.computesInPlace() && !Nd4jLibrary.computesOnHost()) {
      throw new DeviceException(
          info.id()
              + ": open: expected ND4J to choose its CPU backend, got another; keep one ND4J backend"
              + " on the class path");
    }
    LOGGER.log(
        Level.DEBUG,
        () -> info.id() + ": " + info.description() + ", " + Nd4jLibrary.description());
    return new Nd4jDevice(info, compiler);
  }

  Compiler compiler() {
    return compiler;
  }

  @Override
  public DeviceInfo info() {
    return info;
  }

  @Override
  public boolean supports(Op op, List<TensorSpec> operands) {
    return switch (op) {
      // ND4J multiplies F16 and BF16 with sums in the narrow type, which is wrong.
      case MatMul matMul -> operands.get(1).dtype() == DType.F32;
      case PrimitiveOp primitive -> true;
      case ExpertMatMul expertMatMul ->
          compiler.computesInPlace() && operands.get(2).dtype() == DType.F32;
      case RmsNorm rmsNorm -> true;
      case Softmax softmax -> true;
      case LogSumExp logSumExp -> true;
      case SwiGlu swiGlu -> true;
      case Rope rope -> true;
      case TopK topK -> true;
      case PagedAttention pagedAttention -> true;
      case FusedOp fused -> false;
    };
  }

  @Override
  public DeviceBuffer allocate(long byteSize) {
    checkOpen();
    if (byteSize < 1) {
      throw new IllegalArgumentException(
          "allocate: expected at least one byte, got %d".formatted(byteSize));
    }
    try {
      HostMemory memory = HostMemory.allocate(byteSize);
      return opened(new Nd4jBuffer(this, memory.segment(), memory::free));
    } catch (OutOfMemoryError e) {
      DeviceMemoryException exhausted = new DeviceMemoryException(info.id(), byteSize, -1);
      exhausted.initCause(e);
      throw exhausted;
    }
  }

  /** Without a copy where ND4J can compute on the memory. */
  @Override
  public DeviceBuffer wrap(MemorySegment host) {
    checkOpen();
    if (host.isNative() && host.address() % Float.BYTES == 0) {
      return opened(new Nd4jBuffer(this, host, () -> {}));
    }
    return Device.super.wrap(host);
  }

  private synchronized Nd4jBuffer opened(Nd4jBuffer buffer) {
    openBuffers++;
    openBytes += buffer.byteSize();
    return buffer;
  }

  synchronized void released(Nd4jBuffer buffer) {
    openBuffers--;
    openBytes -= buffer.byteSize();
  }

  @Override
  public CommandQueue newQueue() {
    checkOpen();
    return new Nd4jQueue(this);
  }

  synchronized void checkOpen() {
    if (closed) {
      throw new IllegalStateException(info.id() + ": expected an open device, got a closed one");
    }
  }

  @Override
  public synchronized void close() {
    if (openBuffers > 0) {
      throw new IllegalStateException(
          "%s: close: expected all buffers to be closed, got %d open with %d bytes"
              .formatted(info.id(), openBuffers, openBytes));
    }
    closed = true;
  }
}
