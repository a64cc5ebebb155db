package dev.wick.backend.cpu;

import dev.wick.backend.cpu.kernel.CpuKernel;
import dev.wick.backend.cpu.kernel.Kernels;
import dev.wick.backend.cpu.kernel.Segments;
import dev.wick.backend.cpu.kernel.Sequence;
import dev.wick.backend.cpu.loop.InnerLoops;
import dev.wick.backend.cpu.team.Execution;
import dev.wick.backend.cpu.team.WorkerTeam;
import dev.wick.engine.spi.CommandQueue;
import dev.wick.engine.spi.DeviceBuffer;
import dev.wick.engine.spi.OpCall;
import dev.wick.engine.spi.TensorView;
import dev.wick.engine.spi.UnsupportedOpException;
import dev.wick.engine.tensor.TensorSpec;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Runs each command before it returns, on the calling thread and the device's team. */
final class CpuQueue implements CommandQueue {
  private final CpuDevice device;
  private final Execution execution;
  private final Kernels kernels;
  private final HostCopy hostCopy = new HostCopy();
  private final List<CpuBuffer> acquired = new ArrayList<>();
  private boolean closed;

  CpuQueue(CpuDevice device, InnerLoops loops, WorkerTeam team) {
    this.device = device;
    this.execution = new Execution(team);
    this.kernels = new Kernels(loops, execution, new Operands());
  }

  @Override
  public void submit(OpCall call) {
    checkOpen();
    checkSupported(call);
    try {
      kernels.bind(call).run(execution);
    } finally {
      takeAcquired().forEach(CpuBuffer::release);
    }
  }

  private MemorySegment acquire(DeviceBuffer buffer) {
    CpuBuffer own = own(buffer);
    MemorySegment memory = own.acquire();
    acquired.add(own);
    return memory;
  }

  /** The memory of operands, held until what is bound to it is done. */
  private final class Operands implements Segments {
    @Override
    public MemorySegment of(DeviceBuffer buffer) {
      return acquire(buffer);
    }

    @Override
    public Optional<MemorySegment> tiles(DeviceBuffer buffer, TensorSpec weight) {
      return own(buffer).tiles(weight);
    }
  }

  private List<CpuBuffer> takeAcquired() {
    List<CpuBuffer> taken = List.copyOf(acquired);
    acquired.clear();
    return taken;
  }

  /**
   * Binds every call once; matrix products that follow each other and share their left operand
   * become one, with what adapters add to them, and so do a sum and its norm.
   */
  @Override
  public CpuRecording record(List<OpCall> calls) {
    return record(calls, 1);
  }

  @Override
  public CpuRecording record(List<OpCall> calls, double residentShare) {
    checkOpen();
    calls.forEach(this::checkSupported);
    try {
      Sequence sequence = bind(calls, PageReleases.of(calls, residentShare, this::own));
      return new CpuRecording(this, sequence, takeAcquired());
    } finally {
      takeAcquired().forEach(CpuBuffer::release);
    }
  }

  private Sequence bind(List<OpCall> calls, Optional<PageReleases> releases) {
    List<CpuKernel> steps = new ArrayList<>();
    releases.flatMap(PageReleases::before).ifPresent(steps::add);
    int from = 0;
    while (from < calls.size()) {
      OpCall call = calls.get(from);
      int end = from + 1;
      if (end < calls.size() && Kernels.isSumAndNorm(call, calls.get(end))) {
        steps.add(kernels.bindSumAndNorm(call, calls.get(end++)));
      } else {
        while (end < calls.size() && joins(calls, from, end)) {
          end++;
        }
        List<OpCall> run = calls.subList(from, end);
        CpuKernel kernel = run.size() == 1 ? kernels.bind(call) : kernels.bindTogether(run);
        int added = end;
        while (end < calls.size()
            && kernels.addsTo(run, calls.subList(added, end), calls.get(end))) {
          end++;
        }
        steps.add(end == added ? kernel : kernels.bindAdded(kernel, calls.subList(added, end)));
      }
      int first = from;
      int next = end;
      releases.flatMap(planned -> planned.after(first, next)).ifPresent(steps::add);
      from = end;
    }
    return new Sequence(steps);
  }

  void run(Sequence sequence) {
    checkOpen();
    sequence.run(execution);
  }

  private boolean joins(List<OpCall> calls, int from, int next) {
    for (int i = from; i < next; i++) {
      if (!kernels.shareLeft(calls.get(i), calls.get(next))) {
        return false;
      }
    }
    return true;
  }

  private void checkSupported(OpCall call) {
    List<TensorSpec> specs = call.operands().stream().map(TensorView::spec).toList();
    if (!device.supports(call.op(), specs)) {
      throw new UnsupportedOpException(
          device.info().id(), call.op(), specs, "run its decomposition, or dequantize on the host");
    }
  }

  private CpuBuffer own(DeviceBuffer buffer) {
    if (buffer instanceof CpuBuffer own && own.device() == device) {
      return own;
    }
    throw new IllegalArgumentException(
        "%s: expected a buffer of this device, got one of another".formatted(device.info().id()));
  }

  @Override
  public void upload(MemorySegment source, DeviceBuffer target, long targetOffset) {
    checkOpen();
    CpuBuffer buffer = own(target);
    if (buffer.isWeight()) {
      throw new IllegalStateException("upload: expected a buffer to write to, got a weight");
    }
    MemorySegment memory = buffer.acquire();
    try {
      checkRange("upload", memory, targetOffset, source.byteSize());
      MemorySegment.copy(source, 0, memory, targetOffset, source.byteSize());
    } finally {
      buffer.release();
    }
  }

  @Override
  public void download(DeviceBuffer source, long sourceOffset, MemorySegment target) {
    checkOpen();
    CpuBuffer buffer = own(source);
    MemorySegment memory = buffer.acquire();
    try {
      checkRange("download", memory, sourceOffset, target.byteSize());
      hostCopy.run(execution, memory, sourceOffset, target);
    } finally {
      buffer.release();
    }
  }

  private static void checkRange(String what, MemorySegment memory, long offset, long bytes) {
    if (offset < 0 || bytes > memory.byteSize() - offset) {
      throw new IllegalArgumentException(
          "%s: expected a range within %d bytes, got %d bytes at %d"
              .formatted(what, memory.byteSize(), bytes, offset));
    }
  }

  @Override
  public void synchronize() {
    checkOpen();
  }

  private void checkOpen() {
    if (closed) {
      throw new IllegalStateException("queue: expected an open queue, got a closed one");
    }
    device.checkOpen();
  }

  @Override
  public void close() {
    if (!closed) {
      closed = true;
      execution.close();
    }
  }
}
