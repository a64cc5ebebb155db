package dev.wick.backend.cpu.kernel;

import dev.wick.engine.tensor.Shape;
import java.lang.foreign.MemorySegment;
import java.util.List;

/** Copies rows between a table and a list of rows, both with any strides. */
final class IndexedRows {
  private final HostTensor source;
  private final HostTensor target;
  private final RowWalk walk;
  private final int elementBytes;

  /**
   * @param source one row of the source
   * @param target one row of the target
   */
  IndexedRows(HostTensor source, HostTensor target) {
    this.source = source;
    this.target = target;
    Shape row = source.shape();
    this.walk = new RowWalk(row, List.of(source, target));
    this.elementBytes = source.dtype().blockBytes();
  }

  /** Copies a row that lies these numbers of bytes after the first ones. */
  void copy(long sourceShift, long targetShift) {
    MemorySegment from = source.segment();
    MemorySegment to = target.segment();
    for (long r = 0; r < walk.rows(); r++) {
      long a = walk.offset(0, r) + sourceShift;
      long b = walk.offset(1, r) + targetShift;
      Strided.gather(from, a, strideOfSource(), elementBytes, walk.inner(), to, b);
    }
  }

  private long strideOfSource() {
    return walk.inner() == 1 ? elementBytes : walk.innerStride(0);
  }
}
