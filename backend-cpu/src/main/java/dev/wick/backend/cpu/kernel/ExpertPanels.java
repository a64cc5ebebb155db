package dev.wick.backend.cpu.kernel;

import dev.wick.backend.cpu.gemm.LeftOperand;
import dev.wick.backend.cpu.gemm.RightOperand;
import dev.wick.backend.cpu.loop.GemmTile;
import dev.wick.backend.cpu.loop.InnerLoops;
import dev.wick.backend.cpu.loop.RowMath;
import dev.wick.backend.cpu.team.Execution;
import dev.wick.backend.cpu.team.Region;
import dev.wick.backend.cpu.team.Worker;
import dev.wick.engine.op.Binary;
import java.lang.foreign.MemorySegment;
import java.util.List;

/**
 * A linear layer whose weight is chosen per row, where the weights are transposed views, as the
 * gradient has them: panels of the weights are widened one at a time, by the thread that multiplies
 * all rows of the expert with it.
 */
final class ExpertPanels implements CpuKernel {
  private static final int MAX_DEPTH = 1024;
  private static final int TILES_PER_CHUNK = 8;

  private final GemmTile tile;
  private final RowMath math;
  private final HostTensor result;
  private final ExpertRows rows;
  private final RightOperand[] rights;
  private final HostTensor x;
  private final boolean sharedRow;
  private final int slots;
  private final int in;
  private final int out;
  private final int depthStep;
  private final int[] firstTile;
  private final int panels;
  private final long wordsAt;
  private final long tileAt;
  private final long zerosAt;
  private final Region packRegion = this::pack;
  private final Region multiplyRegion = this::multiply;
  private MemorySegment packed = MemorySegment.NULL;
  private int active;

  ExpertPanels(
      InnerLoops loops,
      Execution execution,
      HostTensor x,
      HostTensor experts,
      List<HostTensor> weights,
      HostTensor result) {
    this.tile = loops.tile();
    this.math = loops.rows();
    this.x = x;
    this.result = result;
    this.rows = new ExpertRows(experts, weights.size());
    this.in = x.extent(2);
    this.out = result.extent(2);
    this.slots = experts.extent(1);
    this.sharedRow = x.extent(1) == 1;
    this.rights = new RightOperand[weights.size()];
    for (int i = 0; i < rights.length; i++) {
      HostTensor w = weights.get(i);
      rights[i] =
          new RightOperand(w.segment(), w.dtype(), w.offset(), w.stride(1), w.stride(0), in, out);
    }
    this.depthStep = (Math.min(in, MAX_DEPTH) + 7) & -8;
    this.panels = (out + tile.columns() - 1) / tile.columns();
    this.firstTile = new int[weights.size() + 1];
    long panelBytes = 4L * depthStep * tile.columns();
    this.wordsAt = panelBytes;
    this.tileAt = panelBytes + panelBytes / 2;
    this.zerosAt = tileAt + 4L * GemmTile.ROWS * tile.columns();
    long tiles = rows.size() / GemmTile.ROWS + (long) Math.min(rows.size(), weights.size());
    execution.reserveShared(tiles * tileBytes());
  }

  /** Whether a weight is the transposed view of a row-major one. */
  static boolean fits(HostTensor weight) {
    return !weight.dtype().isQuantized()
        && !weight.hasContiguousRows()
        && weight.stride(0) == weight.dtype().blockBytes();
  }

  private long tileBytes() {
    return 16L * ((in + 1) & -2);
  }

  @Override
  public void run(Execution execution) {
    if (rows.size() == 0 || out == 0) {
      return;
    }
    active = rows.sort();
    int tiles = 0;
    for (int i = 0; i < active; i++) {
      firstTile[i] = tiles;
      int expert = rows.expert(i);
      int count = rows.end(expert) - rows.first(expert);
      tiles += (count + GemmTile.ROWS - 1) / GemmTile.ROWS;
    }
    firstTile[active] = tiles;
    packed = execution.shared();
    execution.run(packRegion, (tiles + TILES_PER_CHUNK - 1) / TILES_PER_CHUNK);
    execution.run(multiplyRegion, active * panels);
  }

  /** Interleaves four rows of an expert, the last one repeated where there are fewer. */
  private void pack(Worker worker, int chunk) {
    int end = Math.min(firstTile[active], (chunk + 1) * TILES_PER_CHUNK);
    MemorySegment scratch = worker.scratch();
    int number = 0;
    for (int t = chunk * TILES_PER_CHUNK; t < end; t++) {
      while (firstTile[number + 1] <= t) {
        number++;
      }
      int expert = rows.expert(number);
      int first = rows.first(expert) + (t - firstTile[number]) * GemmTile.ROWS;
      for (int r = 0; r < GemmTile.ROWS; r++) {
        int row = rows.row(Math.min(first + r, rows.end(expert) - 1));
        long from = x.offset() + 4L * in * (sharedRow ? row / slots : row);
        MemorySegment.copy(x.segment(), from, scratch, 4L * in * r, 4L * in);
      }
      LeftOperand.packFour(scratch, 0, 4L * in, in, (in + 1) & -2, packed, t * tileBytes());
    }
  }

  private void multiply(Worker worker, int chunk) {
    int number = chunk / panels;
    int expert = rows.expert(number);
    int column = chunk % panels * tile.columns();
    int width = Math.min(tile.columns(), out - column);
    long rowBytes = 4L * tile.columns();
    MemorySegment scratch = worker.scratch();
    scratch.asSlice(zerosAt, rowBytes).fill((byte) 0);
    for (int from = 0; from < in; from += depthStep) {
      int depth = (Math.min(depthStep, in - from) + 1) & -2;
      rights[expert].pack(tile, column, from, depth, scratch, 0, scratch, wordsAt);
      for (int t = firstTile[number]; t < firstTile[number + 1]; t++) {
        long a = t * tileBytes() + 16L * from;
        tile.multiply(packed, a, scratch, 0, depth, scratch, zerosAt, 0, scratch, tileAt, rowBytes);
        int sorted = rows.first(expert) + (t - firstTile[number]) * GemmTile.ROWS;
        int count = Math.min(GemmTile.ROWS, rows.end(expert) - sorted);
        for (int r = 0; r < count; r++) {
          long to = result.offset() + 4L * ((long) rows.row(sorted + r) * out + column);
          write(scratch, tileAt + r * rowBytes, to, width, from > 0);
        }
      }
    }
  }

  private void write(MemorySegment scratch, long from, long to, int n, boolean adds) {
    MemorySegment target = result.segment();
    if (adds) {
      math.binary(Binary.Kind.ADD, target, to, false, scratch, from, false, target, to, n);
    } else {
      MemorySegment.copy(scratch, from, target, to, 4L * n);
    }
  }
}
