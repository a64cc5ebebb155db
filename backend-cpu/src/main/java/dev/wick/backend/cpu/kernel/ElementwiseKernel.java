package dev.wick.backend.cpu.kernel;

import dev.wick.backend.cpu.loop.Layouts;
import dev.wick.backend.cpu.team.Execution;
import dev.wick.backend.cpu.team.Region;
import dev.wick.backend.cpu.team.Worker;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/**
 * A function of one to three elements at the same place. Subclasses see pieces of rows whose
 * elements lie next to each other, or one repeated element; other strides are gathered into scratch
 * first.
 */
abstract class ElementwiseKernel implements CpuKernel, Region {
  private static final int PIECE = 4096;
  private static final int CHUNK_ELEMENTS = 16_384;

  private final HostTensor result;
  private final HostTensor[] operands;
  private final RowWalk walk;
  private final int count;
  private final boolean takesFixed;
  private final long piecesPerRow;
  private final long pieces;
  private final int piecesPerChunk;
  private final int chunks;

  /**
   * @param operands one to three, already broadcast to the shape of the result
   * @param takesFixed whether {@link #apply} handles repeated elements
   */
  ElementwiseKernel(HostTensor result, List<HostTensor> operands, boolean takesFixed) {
    this.result = result;
    this.operands = new HostTensor[3];
    for (int i = 0; i < 3; i++) {
      this.operands[i] = operands.get(Math.min(i, operands.size() - 1));
    }
    this.count = operands.size();
    this.takesFixed = takesFixed;
    List<HostTensor> all = new ArrayList<>(List.of(this.operands));
    all.add(result);
    this.walk = new RowWalk(result.shape(), all);
    piecesPerRow = (walk.inner() + PIECE - 1) / PIECE;
    pieces = walk.rows() * piecesPerRow;
    long perPiece = Math.clamp(walk.inner(), 1, PIECE);
    long perChunk = Math.max(CHUNK_ELEMENTS / perPiece, (pieces + (1 << 16) - 1) >> 16);
    piecesPerChunk = Math.toIntExact(Math.max(1, perChunk));
    chunks = Math.toIntExact((pieces + piecesPerChunk - 1) / piecesPerChunk);
  }

  /**
   * Computes {@code n} elements.
   *
   * @param fixed bit i says that operand i is one element for all
   */
  abstract void apply(
      MemorySegment a,
      long aOffset,
      MemorySegment b,
      long bOffset,
      MemorySegment c,
      long cOffset,
      int fixed,
      MemorySegment y,
      long yOffset,
      int n);

  @Override
  public final void run(Execution execution) {
    execution.run(this, chunks);
  }

  @Override
  public final void run(Worker worker, int chunk) {
    long end = Math.min(pieces, (chunk + 1L) * piecesPerChunk);
    for (long piece = (long) chunk * piecesPerChunk; piece < end; piece++) {
      long row = piece / piecesPerRow;
      long start = piece % piecesPerRow * PIECE;
      int n = (int) Math.min(PIECE, walk.inner() - start);
      long a = walk.offset(0, row) + start * walk.innerStride(0);
      long b = walk.offset(1, row) + start * walk.innerStride(1);
      long c = walk.offset(2, row) + start * walk.innerStride(2);
      long y = walk.offset(3, row) + start * walk.innerStride(3);
      int fixed = 0;
      boolean gathered0 = gathers(0, n);
      boolean gathered1 = gathers(1, n);
      boolean gathered2 = gathers(2, n);
      for (int i = 0; i < 3; i++) {
        fixed |= takesFixed && n > 1 && walk.innerStride(i) == 0 ? 1 << i : 0;
      }
      a = gathered0 ? gather(worker, 0, a, n) : a;
      b = gathered1 ? gather(worker, 1, b, n) : b;
      c = gathered2 ? gather(worker, 2, c, n) : c;
      apply(
          gathered0 ? worker.scratch() : operands[0].segment(),
          a,
          gathered1 ? worker.scratch() : operands[1].segment(),
          b,
          gathered2 ? worker.scratch() : operands[2].segment(),
          c,
          fixed,
          result.segment(),
          y,
          n);
    }
  }

  private boolean gathers(int operand, int n) {
    long stride = walk.innerStride(operand);
    boolean plain = stride == operands[operand].dtype().blockBytes();
    return operand < count && n > 1 && !plain && !(takesFixed && stride == 0);
  }

  private long gather(Worker worker, int operand, long offset, int n) {
    long to = 8L * PIECE * operand;
    Strided.gather(
        operands[operand].segment(),
        offset,
        walk.innerStride(operand),
        operands[operand].dtype().blockBytes(),
        n,
        worker.scratch(),
        to);
    return to;
  }

  static float f32(MemorySegment segment, long offset, int index) {
    return segment.get(Layouts.FLOAT, offset + 4L * index);
  }
}
