package dev.wick.backend.cpu.kernel;

import dev.wick.backend.cpu.team.Execution;
import dev.wick.engine.op.Copy;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/** Operands one after another along an axis. */
final class CopyKernel implements CpuKernel {
  private final Part[] parts;

  /** A kernel for operands that lie as these do. */
  static CpuKernel of(Copy op, List<HostTensor> operands, HostTensor result) {
    boolean transposes = operands.size() == 1 && TransposeKernel.fits(operands.getFirst());
    return transposes
        ? new TransposeKernel(operands.getFirst(), result)
        : new CopyKernel(op, operands, result);
  }

  private CopyKernel(Copy op, List<HostTensor> operands, HostTensor result) {
    List<Part> list = new ArrayList<>();
    if (operands.size() == 1) {
      list.add(new Part(operands.get(0), result));
    } else {
      long from = 0;
      for (HostTensor operand : operands) {
        long to = from + operand.shape().extent(op.axis());
        list.add(new Part(operand, result.slice(op.axis(), from, to)));
        from = to;
      }
    }
    parts = list.toArray(Part[]::new);
  }

  @Override
  public void run(Execution execution) {
    for (Part part : parts) {
      part.run(execution);
    }
  }

  private static final class Part extends ElementwiseKernel {
    private final int elementBytes;

    Part(HostTensor source, HostTensor target) {
      super(target, List.of(source), false);
      this.elementBytes = source.dtype().blockBytes();
    }

    @Override
    void apply(
        MemorySegment a,
        long aOffset,
        MemorySegment b,
        long bOffset,
        MemorySegment c,
        long cOffset,
        int fixed,
        MemorySegment y,
        long yOffset,
        int n) {
      MemorySegment.copy(a, aOffset, y, yOffset, (long) n * elementBytes);
    }
  }
}
