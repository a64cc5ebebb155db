package dev.wick.backend.cpu.kernel;

import dev.wick.backend.cpu.gemm.Panels;
import dev.wick.backend.cpu.loop.Layouts;
import dev.wick.backend.cpu.team.Execution;
import dev.wick.backend.cpu.team.Region;
import dev.wick.backend.cpu.team.Worker;
import java.lang.foreign.MemorySegment;

/** Copies a matrix of 32-bit elements whose columns lie in one piece each to rows that do. */
final class TransposeKernel implements CpuKernel, Region {
  /** Rows of the result whose cache lines are filled before others are begun. */
  private static final int BLOCK = 64;

  private static final int CHUNK_ELEMENTS = 16_384;

  private final HostTensor source;
  private final HostTensor result;
  private final int rows;
  private final int columns;
  private final int rowsPerChunk;

  TransposeKernel(HostTensor source, HostTensor result) {
    this.source = source;
    this.result = result;
    this.rows = source.extent(0);
    this.columns = source.extent(1);
    int blocks = CHUNK_ELEMENTS / BLOCK / columns;
    this.rowsPerChunk = BLOCK * Math.max(1, blocks);
  }

  /** Whether a copy is one of this kind. */
  static boolean fits(HostTensor source) {
    return source.rank() == 2
        && source.dtype().blockBytes() == 4
        && source.extent(0) > 1
        && source.extent(1) > 1
        && source.stride(0) == 4
        && source.stride(1) != 4;
  }

  @Override
  public void run(Execution execution) {
    execution.run(this, (rows + rowsPerChunk - 1) / rowsPerChunk);
  }

  @Override
  public void run(Worker worker, int chunk) {
    int end = Math.min(rows, (chunk + 1) * rowsPerChunk);
    for (int row = chunk * rowsPerChunk; row < end; row += BLOCK) {
      block(row, Math.min(BLOCK, end - row));
    }
  }

  private void block(int row, int count) {
    long rowBytes = result.stride(0);
    long from = source.offset() + 4L * row;
    long to = result.offset() + row * rowBytes;
    long step = source.stride(1);
    for (int j = 0; j + 1 < columns; j += 2) {
      long a = from + j * step;
      Panels.transposeTwo(
          source.segment(), a, a + step, count / 2, result.segment(), to + 4L * j, rowBytes);
    }
    if (columns % 2 != 0) {
      long last = from + (columns - 1) * step;
      for (int i = 0; i < count; i++) {
        int word = source.segment().get(Layouts.INT, last + 4L * i);
        result.segment().set(Layouts.INT, to + i * rowBytes + 4L * (columns - 1), word);
      }
    }
    if (count % 2 != 0) {
      long last = 4L * (count - 1);
      MemorySegment target = result.segment();
      Strided.gather(
          source.segment(), from + last, step, 4, columns, target, to + (count - 1) * rowBytes);
    }
  }
}
