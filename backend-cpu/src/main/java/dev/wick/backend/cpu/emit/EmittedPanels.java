package dev.wick.backend.cpu.emit;

import dev.wick.backend.cpu.loop.PanelProduct;
import dev.wick.engine.tensor.DType;
import java.lang.foreign.MemorySegment;

/** Products with panels in machine code, on vectors of 512 bits. */
final class EmittedPanels implements PanelProduct {
  private static final int BITS = 512;
  private static final int VECTORS = COLUMNS * 32 / BITS;
  private static final int TILE_ROWS = 6;
  private static final int WORDS = 16;

  private final NativeKernel keepWords;
  private final NativeKernel widenBf16;
  private final NativeKernel widenF16;
  private final NativeKernel weigh;
  private final NativeKernel softmax;
  private final NativeKernel[] floats;
  private final NativeKernel[] pairs;
  private final NativeKernel[] round;
  private final NativeKernel[] pairRows;

  EmittedPanels(Emission code, Machine machine) {
    keepWords = code.add(PanelCode.transpose(PanelCode.Words.KEEP));
    widenBf16 = code.add(PanelCode.transpose(PanelCode.Words.WIDEN_BF16));
    widenF16 = code.add(PanelCode.transpose(PanelCode.Words.WIDEN_F16));
    weigh = code.add(ExpCode.emit(ExpCode.Use.WEIGH));
    softmax = code.add(SoftmaxCode.emit());
    floats = tiles(code, false);
    boolean bf16 = machine.hasBf16();
    pairs = bf16 ? tiles(code, true) : new NativeKernel[0];
    round = bf16 ? new NativeKernel[] {code.add(PanelCode.roundToBf16())} : new NativeKernel[0];
    pairRows = bf16 ? new NativeKernel[] {code.add(PanelCode.pairRows())} : new NativeKernel[0];
  }

  private static NativeKernel[] tiles(Emission code, boolean pairs) {
    NativeKernel[] kernels = new NativeKernel[TILE_ROWS];
    for (int i = 0; i < TILE_ROWS; i++) {
      kernels[i] = code.add(new TileCode(BITS, i + 1, VECTORS, pairs, false).emit());
    }
    return kernels;
  }

  @Override
  public boolean takesPairs() {
    return pairs.length > 0;
  }

  @Override
  public void pack(
      MemorySegment matrix,
      DType dtype,
      long offset,
      long rowBytes,
      int depth,
      boolean keepPairs,
      MemorySegment panel,
      long panelOffset) {
    NativeKernel kernel =
        switch (dtype) {
          case F32 -> keepWords;
          case BF16 -> keepPairs ? keepWords : widenBf16;
          case F16 -> widenF16;
          default ->
              throw new IllegalArgumentException("pack: expected a float type, got " + dtype);
        };
    long bytes = (long) depth * dtype.blockBytes();
    long from = Addresses.readable(matrix, offset, Addresses.span(COLUMNS, rowBytes, bytes));
    long panelBytes = (keepPairs ? 2L : 4L) * depth * COLUMNS;
    long to = Addresses.writable(panel, panelOffset, panelBytes);
    kernel.call(matrix, from, rowBytes, bytes / (4 * WORDS), to, 0, 0, 0, 0, 0, 0, 0);
  }

  @Override
  public void pairRows(
      MemorySegment matrix,
      long offset,
      long rowBytes,
      int depth,
      MemorySegment panel,
      long panelOffset) {
    if (depth == 0) {
      return;
    }
    long from = Addresses.readable(matrix, offset, Addresses.span(depth, rowBytes, 2L * COLUMNS));
    long to = Addresses.writable(panel, panelOffset, 2L * depth * COLUMNS);
    pairRows[0].call(matrix, from, rowBytes, depth / 2, to, 0, 0, 0, 0, 0, 0, 0);
  }

  @Override
  public void round(
      MemorySegment x, long xOffset, int n, MemorySegment rounded, long roundedOffset) {
    long from = Addresses.readable(x, xOffset, 4L * n);
    long to = Addresses.writable(rounded, roundedOffset, 2L * n);
    round[0].call(MemorySegment.NULL, from, 0, n / (2 * WORDS), to, 0, 0, 0, 0, 0, 0, 0);
  }

  @Override
  public void planReading(
      MemorySegment matrix,
      long offset,
      long rowBytes,
      int rows,
      long bytes,
      MemorySegment plan,
      long planOffset) {
    long from = Addresses.readable(matrix, offset, Addresses.span(rows, rowBytes, bytes));
    ReadAhead.write(plan, planOffset, from, rowBytes, rows, bytes);
  }

  @Override
  public void weigh(
      MemorySegment scores,
      long scoresOffset,
      MemorySegment gradients,
      long gradientsOffset,
      int rows,
      MemorySegment about,
      long aboutOffset) {
    if (rows == 0) {
      return;
    }
    long bytes = 4L * rows * COLUMNS;
    long s = Addresses.writable(scores, scoresOffset, bytes);
    long g = Addresses.writable(gradients, gradientsOffset, bytes);
    long a = Addresses.readable(about, aboutOffset, (long) rows * WEIGHED_BYTES);
    weigh.call(about, s, g, rows, a, 0, 0, 0, 0, 0, 0, 0);
  }

  @Override
  public int softmax(
      MemorySegment scores,
      long scoresOffset,
      long scoreBytes,
      int ofRow,
      int rows,
      MemorySegment about,
      long aboutOffset) {
    if (rows == 0) {
      return 0;
    }
    long rowBytes = 4L * ofRow * COLUMNS;
    long s = Addresses.writable(scores, scoresOffset, Addresses.span(rows, scoreBytes, rowBytes));
    long a = Addresses.writable(about, aboutOffset, rows * PanelProduct.softmaxBytes(ofRow));
    float left = softmax.call(scores, s, scoreBytes, rows, a, ofRow, 0, 0, 0, 0, 0, 0);
    return rows - Float.floatToRawIntBits(left);
  }

  @Override
  public void multiply(
      boolean ofPairs,
      MemorySegment a,
      long aOffset,
      long aRowBytes,
      int rows,
      MemorySegment b,
      long bOffset,
      int words,
      boolean adds,
      MemorySegment c,
      long cOffset,
      long cRowBytes,
      long ahead) {
    if (rows == 0) {
      return;
    }
    long from = Addresses.readable(a, aOffset, Addresses.span(rows, aRowBytes, 4L * words));
    long panel = Addresses.readable(b, bOffset, 4L * words * COLUMNS);
    long to = Addresses.writable(c, cOffset, Addresses.span(rows, cRowBytes, 4L * COLUMNS));
    NativeKernel[] kernels = ofPairs ? pairs : floats;
    int tiles = rows / TILE_ROWS;
    if (tiles > 0) {
      long initial = adds ? to : 0;
      long plan = 0;
      if (ahead >= 0) {
        plan = Addresses.writable(b, ahead, PLAN_BYTES);
        ReadAhead.spread(b, ahead, tiles);
      }
      kernels[TILE_ROWS - 1].call(
          a, from, aRowBytes, tiles, panel, words, initial, cRowBytes, to, cRowBytes, plan, 0);
    }
    int rest = rows % TILE_ROWS;
    if (rest > 0) {
      long row = (long) tiles * TILE_ROWS;
      long last = to + row * cRowBytes;
      kernels[rest - 1].call(
          a,
          from + row * aRowBytes,
          aRowBytes,
          1,
          panel,
          words,
          adds ? last : 0,
          cRowBytes,
          last,
          cRowBytes,
          0,
          0);
    }
  }
}
