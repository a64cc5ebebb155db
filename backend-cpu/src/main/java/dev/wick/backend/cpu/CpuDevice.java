package dev.wick.backend.cpu;

import dev.wick.backend.cpu.kernel.Kernels;
import dev.wick.backend.cpu.kernel.WeightTiles;
import dev.wick.backend.cpu.loop.InnerLoops;
import dev.wick.backend.cpu.team.Execution;
import dev.wick.backend.cpu.team.WorkerTeam;
import dev.wick.engine.op.Op;
import dev.wick.engine.spi.CommandQueue;
import dev.wick.engine.spi.Device;
import dev.wick.engine.spi.DeviceBuffer;
import dev.wick.engine.spi.DeviceInfo;
import dev.wick.engine.spi.DeviceMemoryException;
import dev.wick.engine.tensor.TensorSpec;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;

/** The processor as a device. Thread-safe; queues share one team of threads. */
final class CpuDevice implements Device {
  private final DeviceInfo info;
  private final Arena code = Arena.ofShared();
  private final InnerLoops loops;
  private final WorkerTeam team;
  private final WarmUp warmUp;
  private final LargePages pages = new LargePages();
  private int openBuffers;
  private long openBytes;
  private boolean closed;

  CpuDevice(DeviceInfo info, int threads) {
    this.info = info;
    this.loops = LoopChoice.fastest(code).loops();
    this.team = new WorkerTeam(threads);
    this.warmUp = new WarmUp(loops);
  }

  @Override
  public DeviceInfo info() {
    return info;
  }

  @Override
  public boolean supports(Op op, List<TensorSpec> operands) {
    return Kernels.supports(op, operands, loops);
  }

  @Override
  public DeviceBuffer allocate(long byteSize) {
    checkOpen();
    if (byteSize < 1) {
      throw new IllegalArgumentException("allocate: expected at least 1 byte, got " + byteSize);
    }
    Arena arena = Arena.ofShared();
    try {
      return opened(new CpuBuffer(this, HostMemory.allocate(byteSize, arena), arena));
    } catch (OutOfMemoryError e) {
      arena.close();
      DeviceMemoryException failure = new DeviceMemoryException(info.id(), byteSize, -1);
      failure.initCause(e);
      throw failure;
    }
  }

  /** Computes on native memory itself; memory of the heap or of one thread is copied. */
  @Override
  public DeviceBuffer wrap(MemorySegment host) {
    checkOpen();
    if (!isShared(host)) {
      return Device.super.wrap(host);
    }
    return opened(CpuBuffer.lent(this, host, plain(host)));
  }

  /**
   * A weight that is multiplied faster in tiles is kept in them beside its memory, which stays for
   * what wants rows: if it is mapped from a file, the system may drop it.
   */
  @Override
  public DeviceBuffer wrap(MemorySegment host, TensorSpec spec) {
    if (!WeightTiles.fits(loops, spec) || !isShared(host)) {
      return wrap(host);
    }
    checkOpen();
    MemorySegment memory = plain(host);
    long byteSize = WeightTiles.byteSize(spec);
    Arena arena = Arena.ofShared();
    try (Execution execution = new Execution(team)) {
      MemorySegment tiles = pages.allocate(byteSize, arena);
      if (WeightTiles.pack(execution, memory, spec, tiles)) {
        return opened(
            CpuBuffer.ofWeight(this, host, memory, new CpuBuffer.Tiles(spec, tiles), arena));
      }
    } catch (OutOfMemoryError e) {
      arena.close();
      DeviceMemoryException failure = new DeviceMemoryException(info.id(), byteSize, -1);
      failure.initCause(e);
      throw failure;
    }
    arena.close();
    return wrap(host);
  }

  /** Kernels run on several threads; a thread that never starts stands for all of them. */
  private static boolean isShared(MemorySegment host) {
    return host.isNative() && host.isAccessibleBy(Thread.ofPlatform().unstarted(() -> {}));
  }

  /**
   * Mapped memory as a plain native segment of the same scope. The JDK has a class for each, and a
   * loop that meets both checks which at every load: a quarter of the speed of decoding.
   */
  @SuppressWarnings("restricted") // only where the user has granted it: no warning is printed
  private static MemorySegment plain(MemorySegment host) {
    boolean granted = CpuDevice.class.getModule().isNativeAccessEnabled();
    return granted && host.isMapped() ? host.reinterpret(host.byteSize()) : host;
  }

  private synchronized CpuBuffer opened(CpuBuffer buffer) {
    openBuffers++;
    openBytes += buffer.byteSize();
    return buffer;
  }

  synchronized void release(CpuBuffer buffer) {
    openBuffers--;
    openBytes -= buffer.byteSize();
  }

  @Override
  public CommandQueue newQueue() {
    checkOpen();
    return new CpuQueue(this, loops, team);
  }

  @Override
  public void warmUp() {
    checkOpen();
    warmUp.run();
  }

  synchronized void checkOpen() {
    if (closed) {
      throw new IllegalStateException(info.id() + ": expected an open device, got a closed one");
    }
  }

  @Override
  public synchronized void close() {
    if (closed) {
      return;
    }
    if (openBuffers > 0) {
      throw new IllegalStateException(
          "%s: close: expected all buffers to be closed, got %d open with %d bytes"
              .formatted(info.id(), openBuffers, openBytes));
    }
    team.close();
    code.close();
    closed = true;
  }
}
