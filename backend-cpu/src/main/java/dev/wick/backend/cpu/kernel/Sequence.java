package dev.wick.backend.cpu.kernel;

import dev.wick.backend.cpu.team.Execution;
import java.util.List;

/** Kernels one after another. */
public final class Sequence implements CpuKernel {
  private final CpuKernel[] steps;

  /** A sequence of kernels. */
  public Sequence(List<CpuKernel> steps) {
    this.steps = steps.toArray(CpuKernel[]::new);
  }

  /** Number of kernels. */
  public int size() {
    return steps.length;
  }

  @Override
  public void run(Execution execution) {
    for (CpuKernel step : steps) {
      step.run(execution);
    }
  }
}
