package dev.wick.backend.cpu.kernel;

import dev.wick.backend.cpu.team.Execution;

/**
 * An operation bound to its operands: places, strides and extents are resolved, and running it
 * allocates nothing.
 */
public interface CpuKernel {
  /** Computes the results. */
  void run(Execution execution);
}
