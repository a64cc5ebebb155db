package dev.wick.backend.cpu;

import dev.wick.backend.cpu.loop.Unguarded;
import dev.wick.engine.spi.DeviceBuffer;
import dev.wick.engine.tensor.TensorSpec;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Host memory that the device allocated, or that it was lent. Allocated memory is freed when the
 * buffer is closed and nothing computes on it any more. Thread-safe.
 */
final class CpuBuffer implements DeviceBuffer {
  private final CpuDevice device;
  private final MemorySegment memory;
  private final MemorySegment kernelView;
  private final @Nullable Arena arena;
  private final @Nullable Tiles tiles;
  private int users;
  private volatile boolean closed;

  /**
   * Memory that the device allocated.
   *
   * @param arena closed with the buffer
   */
  CpuBuffer(CpuDevice device, MemorySegment memory, Arena arena) {
    this(device, memory, Unguarded.view(memory), arena, null);
  }

  private CpuBuffer(
      CpuDevice device,
      MemorySegment memory,
      MemorySegment kernelView,
      @Nullable Arena arena,
      @Nullable Tiles tiles) {
    this.device = device;
    this.memory = memory;
    this.kernelView = kernelView;
    this.arena = arena;
    this.tiles = tiles;
  }

  /**
   * Memory of the host that the device computes on.
   *
   * @param kernelView the same memory as kernels see it
   */
  static CpuBuffer lent(CpuDevice device, MemorySegment memory, MemorySegment kernelView) {
    return new CpuBuffer(device, memory, kernelView, null, null);
  }

  /** A weight in other words: the tiles of a matrix of this type and shape. */
  record Tiles(TensorSpec weight, MemorySegment memory) {}

  /**
   * A weight in lent memory that is there in tiles, too.
   *
   * @param arena of the tiles, closed with the buffer
   */
  static CpuBuffer ofWeight(
      CpuDevice device, MemorySegment memory, MemorySegment kernelView, Tiles tiles, Arena arena) {
    Tiles unguarded = new Tiles(tiles.weight(), Unguarded.view(tiles.memory()));
    return new CpuBuffer(device, memory, kernelView, arena, unguarded);
  }

  /** Whether this holds a weight that is there in tiles, too, and must not change. */
  boolean isWeight() {
    return tiles != null;
  }

  /** The tiles of a weight, if it is the one that this holds. */
  Optional<MemorySegment> tiles(TensorSpec weight) {
    return Optional.ofNullable(tiles)
        .filter(held -> held.weight().equals(weight))
        .map(Tiles::memory);
  }

  /** The memory, if it is mapped from a file that nobody changes. */
  Optional<MemorySegment> mappedFile() {
    return Optional.of(memory).filter(m -> m.isMapped() && m.isReadOnly());
  }

  CpuDevice device() {
    return device;
  }

  /** The memory, kept until a matching {@link #release}. */
  synchronized MemorySegment acquire() {
    checkOpen();
    users++;
    return kernelView;
  }

  synchronized void release() {
    users--;
    freeIfUnused();
  }

  /**
   * Checks that the buffer may be used.
   *
   * @throws IllegalStateException if it is closed
   */
  void checkOpen() {
    if (closed) {
      throw new IllegalStateException(
          "buffer: expected an open buffer, got a closed one of %d bytes".formatted(byteSize()));
    }
  }

  private void freeIfUnused() {
    if (closed && users == 0 && arena != null) {
      arena.close();
    }
  }

  @Override
  public long byteSize() {
    return memory.byteSize();
  }

  @Override
  public Optional<MemorySegment> hostView() {
    checkOpen();
    return Optional.of(memory);
  }

  @Override
  public void close() {
    synchronized (this) {
      if (closed) {
        return;
      }
      closed = true;
      freeIfUnused();
    }
    device.release(this);
  }
}
