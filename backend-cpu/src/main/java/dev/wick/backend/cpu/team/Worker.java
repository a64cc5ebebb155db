package dev.wick.backend.cpu.team;

import dev.wick.backend.cpu.loop.Unguarded;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** One computing thread's identity and its private scratch memory. Used by one thread at a time. */
public final class Worker {
  /** Bytes of private scratch, 64-byte aligned: packed panels, score tiles, partial results. */
  public static final long SCRATCH_BYTES = 1L << 20;

  private final int index;
  private final MemorySegment scratch;

  Worker(int index, Arena arena) {
    this.index = index;
    this.scratch = Unguarded.view(arena.allocate(SCRATCH_BYTES, 64));
  }

  /** 0 for a caller, 1 and more for the threads of the team. */
  public int index() {
    return index;
  }

  /** Private scratch; its content does not survive the chunk. */
  public MemorySegment scratch() {
    return scratch;
  }
}
