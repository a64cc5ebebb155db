package dev.wick.backend.cpu.kernel;

import dev.wick.backend.cpu.loop.InnerLoops;
import dev.wick.backend.cpu.team.Execution;
import dev.wick.backend.cpu.team.Region;
import dev.wick.backend.cpu.team.Worker;

/** Attention of the rows of a batch among themselves, tile by tile. */
final class AttentionKernel implements CpuKernel, Region {
  private final BatchPlan plan;
  private final HostTensor first;
  private final PrefillAttention tiles;
  private final int count;

  /** Binds the operands, whose tiles must fit. */
  AttentionKernel(InnerLoops loops, BatchPlan plan, HostTensor first) {
    this.plan = plan;
    this.first = first;
    this.tiles = new PrefillAttention(plan, loops);
    this.count = (plan.tokens + tiles.tokensPerTile() - 1) / tiles.tokensPerTile();
  }

  @Override
  public void run(Execution execution) {
    BatchPlan.check("attention", first);
    if (plan.heads > 0) {
      execution.compute(this, count * plan.kvHeads);
    }
  }

  /** The last tiles, which see most, come first, so that no thread is left with one at the end. */
  @Override
  public void run(Worker worker, int chunk) {
    int token = (count - 1 - chunk / plan.kvHeads) * tiles.tokensPerTile();
    int tokens = Math.min(tiles.tokensPerTile(), plan.tokens - token);
    tiles.run(worker, token, tokens, chunk % plan.kvHeads);
  }
}
