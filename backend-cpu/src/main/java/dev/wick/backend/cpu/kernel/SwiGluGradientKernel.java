package dev.wick.backend.cpu.kernel;

import dev.wick.backend.cpu.loop.RowMath;
import dev.wick.backend.cpu.team.Execution;
import dev.wick.backend.cpu.team.Region;
import dev.wick.backend.cpu.team.Worker;
import java.lang.foreign.MemorySegment;

/**
 * Gradients of gate and up, from contiguous operands, whose places they may have. That of up is
 * made aside, since the loops need up after they have begun to write it.
 */
final class SwiGluGradientKernel implements CpuKernel, Region {
  private static final long MIN_PIECE = 8_192;
  private static final int ASIDE = 2_048;

  private final RowMath math;
  private final HostTensor gate;
  private final HostTensor up;
  private final HostTensor gradient;
  private final HostTensor ofGate;
  private final HostTensor ofUp;
  private final long size;
  private final long piece;

  SwiGluGradientKernel(
      RowMath math,
      HostTensor gate,
      HostTensor up,
      HostTensor gradient,
      HostTensor ofGate,
      HostTensor ofUp) {
    this.math = math;
    this.gate = gate;
    this.up = up;
    this.gradient = gradient;
    this.ofGate = ofGate;
    this.ofUp = ofUp;
    this.size = gate.size();
    this.piece = Math.max(MIN_PIECE, ((size >> 20) + 1) * 16);
  }

  @Override
  public void run(Execution execution) {
    execution.run(this, Math.toIntExact((size + piece - 1) / piece));
  }

  @Override
  public void run(Worker worker, int chunk) {
    long end = Math.min(size, (chunk + 1) * piece);
    for (long start = chunk * piece; start < end; start += ASIDE) {
      MemorySegment scratch = worker.scratch();
      int n = (int) Math.min(ASIDE, end - start);
      math.swiGluGradient(
          gate.segment(),
          gate.offset() + 4 * start,
          up.segment(),
          up.offset() + 4 * start,
          gradient.segment(),
          gradient.offset() + 4 * start,
          ofGate.segment(),
          ofGate.offset() + 4 * start,
          scratch,
          0,
          n);
      long to = ofUp.offset() + 4 * start;
      MemorySegment.copy(scratch, 0, ofUp.segment(), to, 4L * n);
    }
  }
}
