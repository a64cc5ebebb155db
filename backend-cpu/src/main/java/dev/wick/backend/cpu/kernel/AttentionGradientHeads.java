package dev.wick.backend.cpu.kernel;

import dev.wick.backend.cpu.team.Worker;
import java.lang.foreign.MemorySegment;

/**
 * Two regions of the gradient of attention: one chunk for each query head, which owns its rows of
 * the gradient of queries and a copy of those of keys and values; then chunks that add the copies
 * of a group in the order of the heads, so that the sums do not depend on the threads.
 */
interface AttentionGradientHeads {
  /** Bytes of memory that all chunks share. */
  long sharedBytes();

  /** Says where that memory is, before a run. */
  void begin(MemorySegment shared);

  /** Computes one query head. */
  void head(Worker worker, int head);

  /** Chunks of sums. */
  int sums();

  /** Adds the gradients of some keys and values. */
  void sum(int chunk);
}
