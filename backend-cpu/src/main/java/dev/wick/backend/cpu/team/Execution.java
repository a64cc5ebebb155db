package dev.wick.backend.cpu.team;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/**
 * What a kernel runs on: the team, the calling thread's scratch, and memory that all threads of one
 * region share.
 *
 * <p>Owned by one queue; one thread at a time.
 */
public final class Execution implements AutoCloseable {
  private static final long MIN_SHARED_BYTES = 1L << 20;

  private final WorkerTeam team;
  private final Arena arena = Arena.ofShared();
  private final Worker caller = new Worker(0, arena);
  private @Nullable Arena sharedArena;
  private MemorySegment shared = MemorySegment.NULL;

  public Execution(WorkerTeam team) {
    this.team = team;
  }

  /** Number of threads that may take part, the caller included. */
  public int threads() {
    return team.size();
  }

  /** The calling thread's identity and scratch. */
  public Worker caller() {
    return caller;
  }

  /** Runs every chunk of a region and returns when all are done. */
  public void run(Region region, int chunks) {
    team.run(caller, region, chunks);
  }

  /**
   * Makes sure that {@link #shared()} holds at least {@code bytes}. Kernels ask when they are
   * bound, never when they run; the content does not survive the kernel.
   */
  public void reserveShared(long bytes) {
    if (shared.byteSize() >= bytes) {
      return;
    }
    long size =
        Math.max(MIN_SHARED_BYTES, Math.max(bytes, shared.byteSize() + shared.byteSize() / 2));
    Arena next = Arena.ofShared();
    shared = next.allocate(size, 64);
    Arena previous = sharedArena;
    sharedArena = next;
    if (previous != null) {
      previous.close();
    }
  }

  /** Memory that every thread of a region may read and write, 64-byte aligned. */
  public MemorySegment shared() {
    return shared;
  }

  /** Frees the scratch memory. The team stays open. */
  @Override
  public void close() {
    Arena last = sharedArena;
    if (last != null) {
      last.close();
      sharedArena = null;
      shared = MemorySegment.NULL;
    }
    if (arena.scope().isAlive()) {
      arena.close();
    }
  }
}
