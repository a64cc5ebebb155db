package dev.wick.backend.cpu.kernel;

import dev.wick.backend.cpu.loop.InnerLoops;
import dev.wick.backend.cpu.loop.PanelProduct;
import dev.wick.backend.cpu.team.Execution;
import dev.wick.backend.cpu.team.Region;
import dev.wick.backend.cpu.team.Worker;
import dev.wick.engine.op.AttentionGradient;
import java.util.List;

/**
 * Gradient of attention (FlashAttention-2, Dao 2023, arXiv:2307.08691): for each query head, blocks
 * of keys against blocks of queries as five small matrix products each.
 */
final class AttentionGradientKernel implements CpuKernel {
  /*
   * With S = scale Q Kᵀ, P = exp(S - logSumExp), O = P V and D = rowsum(dO ∘ O) - dLogSumExp:
   * dV = Pᵀ dO, dP = dO Vᵀ, dS = P ∘ (dP - D), dQ = scale dS K, dK = scale dSᵀ Q.
   */
  private final AttentionGradientPlan plan;
  private final AttentionGradientHeads heads;
  private final Region headRegion = this::head;
  private final Region sumRegion = this::sum;

  /**
   * Binds contiguous operands.
   *
   * @param operands as {@link AttentionGradient} has them
   */
  AttentionGradientKernel(
      AttentionGradient op,
      InnerLoops loops,
      Execution execution,
      List<HostTensor> operands,
      List<HostTensor> results) {
    this.plan = new AttentionGradientPlan(op, operands, results);
    PanelProduct code = AttentionGradientPanels.of(loops.tile(), plan.dim, plan.valueDim);
    this.heads =
        code == null
            ? new AttentionGradientTiles(plan, loops, execution.threads())
            : new AttentionGradientPanels(plan, code, loops, execution.threads());
    execution.reserveShared(heads.sharedBytes());
  }

  /** Whether the blocks of such heads fit into a worker's scratch. */
  static boolean fits(long headDim, long valueDim, int width) {
    return AttentionGradientTiles.fits(headDim, valueDim, width);
  }

  @Override
  public void run(Execution execution) {
    plan.readVisibility();
    heads.begin(execution.shared());
    execution.compute(headRegion, plan.heads);
    execution.run(sumRegion, heads.sums());
  }

  private void head(Worker worker, int head) {
    heads.head(worker, head);
  }

  private void sum(Worker worker, int chunk) {
    heads.sum(chunk);
  }
}
