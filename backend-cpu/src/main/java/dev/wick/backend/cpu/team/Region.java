package dev.wick.backend.cpu.team;

/**
 * Work that splits into independent chunks.
 *
 * <p>Which thread runs a chunk is open, so a chunk writes only what no other chunk reads or writes,
 * and the result depends on the chunk's number alone. That makes results bit-identical for any
 * number of threads.
 */
@FunctionalInterface
public interface Region {
  /** Runs one chunk on the thread that owns {@code worker}. */
  void run(Worker worker, int chunk);
}
