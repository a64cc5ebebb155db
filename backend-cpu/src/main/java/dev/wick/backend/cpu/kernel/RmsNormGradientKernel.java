package dev.wick.backend.cpu.kernel;

import dev.wick.backend.cpu.loop.RowMath;
import dev.wick.backend.cpu.team.Execution;
import dev.wick.backend.cpu.team.Region;
import dev.wick.backend.cpu.team.Worker;
import dev.wick.engine.op.Binary;
import dev.wick.engine.op.RmsNormGradient;
import java.lang.foreign.MemorySegment;
import java.util.List;

/**
 * Gradient of the root-mean-square norm of rows. That of the weight is summed over the rows of each
 * chunk, and then over the chunks in their order.
 */
final class RmsNormGradientKernel implements CpuKernel, Region {
  private static final int CHUNK_ELEMENTS = 8_192;
  private static final int MAX_CHUNKS = 64;

  private final RowMath math;
  private final float eps;
  private final HostTensor x;
  private final HostTensor weight;
  private final HostTensor gradient;
  private final List<HostTensor> results;
  private final HostTensor ofX;
  private final boolean ofWeight;
  private final int n;
  private final long rows;
  private final long perChunk;
  private final int chunks;
  private MemorySegment sums = MemorySegment.NULL;

  RmsNormGradientKernel(
      RmsNormGradient op,
      RowMath math,
      Execution execution,
      List<HostTensor> operands,
      List<HostTensor> results) {
    this.math = math;
    this.eps = op.eps();
    this.x = operands.get(0);
    this.weight = operands.get(1);
    this.gradient = operands.get(2);
    this.results = results;
    this.ofX = results.get(0);
    this.ofWeight = op.ofWeight();
    this.n = x.extent(-1);
    this.rows = n == 0 ? 0 : x.size() / n;
    this.perChunk =
        Math.max(
            Math.max(1, CHUNK_ELEMENTS / Math.max(1, n)), (rows + MAX_CHUNKS - 1) / MAX_CHUNKS);
    this.chunks = Math.toIntExact((rows + perChunk - 1) / perChunk);
    if (ofWeight) {
      execution.reserveShared(4L * n * chunks);
    }
  }

  @Override
  public void run(Execution execution) {
    sums = execution.shared();
    execution.run(this, chunks);
    if (ofWeight) {
      HostTensor result = results.get(1);
      MemorySegment target = result.segment();
      long to = result.offset();
      target.asSlice(to, 4L * n).fill((byte) 0);
      for (int chunk = 0; chunk < chunks; chunk++) {
        long sum = 4L * n * chunk;
        math.binary(Binary.Kind.ADD, target, to, false, sums, sum, false, target, to, n);
      }
    }
  }

  @Override
  public void run(Worker worker, int chunk) {
    long sum = 4L * n * chunk;
    if (ofWeight) {
      sums.asSlice(sum, 4L * n).fill((byte) 0);
    }
    long end = Math.min(rows, (chunk + 1) * perChunk);
    for (long row = chunk * perChunk; row < end; row++) {
      long shift = 4L * n * row;
      long from = x.offset() + shift;
      long outer = gradient.offset() + shift;
      float factor =
          math.rmsNormGradient(
              x.segment(),
              from,
              weight.segment(),
              weight.offset(),
              gradient.segment(),
              outer,
              ofX.segment(),
              ofX.offset() + shift,
              n,
              eps);
      if (ofWeight) {
        math.addProducts(gradient.segment(), outer, x.segment(), from, factor, sums, sum, n);
      }
    }
  }
}
