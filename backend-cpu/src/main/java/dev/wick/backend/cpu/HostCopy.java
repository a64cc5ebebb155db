package dev.wick.backend.cpu;

import dev.wick.backend.cpu.team.Execution;
import dev.wick.backend.cpu.team.Region;
import dev.wick.backend.cpu.team.Worker;
import java.lang.foreign.MemorySegment;

/** Copies to the host, large ones by all threads: logits come from the caches of several cores. */
final class HostCopy implements Region {
  private static final long PIECE_BYTES = 1 << 17;

  private MemorySegment source = MemorySegment.NULL;
  private MemorySegment target = MemorySegment.NULL;
  private long from;

  /** Fills {@code target} with what is in {@code source} from {@code offset} on. */
  void run(Execution execution, MemorySegment source, long offset, MemorySegment target) {
    long bytes = target.byteSize();
    // Native memory may belong to the calling thread alone.
    if (bytes < 2 * PIECE_BYTES || target.heapBase().isEmpty()) {
      MemorySegment.copy(source, offset, target, 0, bytes);
      return;
    }
    this.source = source;
    this.target = target;
    this.from = offset;
    execution.run(this, Math.toIntExact((bytes + PIECE_BYTES - 1) / PIECE_BYTES));
    this.source = MemorySegment.NULL;
    this.target = MemorySegment.NULL;
  }

  @Override
  public void run(Worker worker, int chunk) {
    long start = chunk * PIECE_BYTES;
    long bytes = Math.min(PIECE_BYTES, target.byteSize() - start);
    MemorySegment.copy(source, from + start, target, start, bytes);
  }
}
