package dev.wick.backend.cpu.kernel;

import dev.wick.backend.cpu.loop.Layouts;
import dev.wick.backend.cpu.team.Execution;
import dev.wick.engine.op.Iota;
import dev.wick.engine.tensor.DType;

/** An arithmetic progression. */
final class IotaKernel implements CpuKernel {
  private final Iota op;
  private final HostTensor result;

  IotaKernel(Iota op, HostTensor result) {
    this.op = op;
    this.result = result;
  }

  @Override
  public void run(Execution execution) {
    for (long i = 0; i < op.length(); i++) {
      double value = op.start() + i * op.step();
      long at = result.offset() + 4 * i;
      if (op.dtype() == DType.F32) {
        result.segment().set(Layouts.FLOAT, at, (float) value);
      } else {
        result.segment().set(Layouts.INT, at, (int) value);
      }
    }
  }
}
