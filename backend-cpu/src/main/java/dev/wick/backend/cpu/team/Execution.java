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
  private final WorkerTeam team;
  private final Arena arena = Arena.ofShared();
  private final Worker caller = new Worker(0, arena);
  private final SharedMemory shared = new SharedMemory(1L << 20);
  private final SharedMemory aside = new SharedMemory(1L << 14);
  private final Region both = this::runBoth;
  private @Nullable Region main;
  private @Nullable Region alongside;
  private int alongsideChunks;

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
    run(region, chunks, null, false);
  }

  /** As {@link #run}, for a region that is bound by memory and takes most of the time. */
  public void run(Region region, int chunks, Pace pace) {
    run(region, chunks, pace, false);
  }

  /**
   * As {@link #run}, for a region that arithmetic takes longer than memory: every thread is called
   * in, whatever time its being taken off its core has cost lately.
   */
  public void compute(Region region, int chunks) {
    run(region, chunks, null, true);
  }

  private void run(Region region, int chunks, @Nullable Pace pace, boolean computes) {
    if (alongside == null) {
      share(region, chunks, pace, computes);
    } else if (chunks <= 1) { // not worth waking anybody
      runAlongside();
      share(region, chunks, pace, computes);
    } else {
      main = region;
      try {
        share(both, alongsideChunks + chunks, pace, computes);
      } finally {
        main = null;
        alongside = null;
      }
    }
  }

  private void share(Region region, int chunks, @Nullable Pace pace, boolean computes) {
    if (computes) {
      team.compute(caller, region, chunks);
    } else {
      team.run(caller, region, chunks, pace);
    }
  }

  /**
   * Lets the next region take the chunks of another along, so that both share one start and one
   * end. Whoever asks calls {@link #runAlongside} afterwards, as the next kernel need not run a
   * region at all. The other region keeps what its chunks share in {@link #aside}.
   */
  public void takeAlong(Region region, int chunks) {
    alongside = region;
    alongsideChunks = chunks;
  }

  /** Runs the chunks that were to be taken along, on the calling thread, if no region took them. */
  public void runAlongside() {
    Region region = alongside;
    if (region != null) {
      alongside = null;
      for (int chunk = 0; chunk < alongsideChunks; chunk++) {
        region.run(caller, chunk);
      }
    }
  }

  private void runBoth(Worker worker, int chunk) {
    boolean along = chunk < alongsideChunks;
    Region region = along ? alongside : main;
    if (region != null) {
      region.run(worker, along ? chunk : chunk - alongsideChunks);
    }
  }

  /**
   * Makes sure that {@link #shared()} holds at least {@code bytes}. Kernels ask when they are
   * bound, never when they run; the content does not survive the kernel.
   */
  public void reserveShared(long bytes) {
    shared.reserve(bytes);
  }

  /** Memory that every thread of a region may read and write, 64-byte aligned. */
  public MemorySegment shared() {
    return shared.segment();
  }

  /** Makes sure that {@link #aside()} holds at least {@code bytes}, as for {@link #shared()}. */
  public void reserveAside(long bytes) {
    aside.reserve(bytes);
  }

  /** What {@link #shared()} is, for regions that are taken along by those of another kernel. */
  public MemorySegment aside() {
    return aside.segment();
  }

  /** Frees the scratch memory. The team stays open. */
  @Override
  public void close() {
    shared.close();
    aside.close();
    if (arena.scope().isAlive()) {
      arena.close();
    }
  }
}
