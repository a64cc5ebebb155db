package dev.wick.backend.cpu.kernel;

import dev.wick.backend.cpu.loop.GemmTile;

/** Places in a worker's scratch for one block of keys and one of queries, in bytes. */
final class GradientScratch {
  /** Bytes between rows of {@link #keySums}, and of {@link #valueSums}. */
  final long dimRowBytes;

  final long valueRowBytes;

  /** Panels as {@code GemmTile} reads them: keys and values as columns, scaled keys as rows. */
  final long keysTransposed;

  final long valuesTransposed;
  final long keyPanels;

  /** Gradients of the keys and values of the block. */
  final long keySums;

  final long valueSums;

  /** Scores and then weights of a block, and the gradients of both. */
  final long scores;

  final long gradients;

  /** Queries and gradients of the output, as panels of rows and as tiles of four. */
  final long queryPanels;

  final long outputPanels;
  final long queryTiles;
  final long outputTiles;

  final long packed;
  final long queryTile;
  final long zeros;
  private final long end;

  GradientScratch(int dim, int valueDim, int width, int queries) {
    int dimPanels = (dim + width - 1) / width;
    int valuePanels = (valueDim + width - 1) / width;
    dimRowBytes = 4L * dimPanels * width;
    valueRowBytes = 4L * valuePanels * width;
    keysTransposed = 0;
    valuesTransposed = aligned(keysTransposed + 4L * dim * width);
    keyPanels = aligned(valuesTransposed + 4L * valueDim * width);
    keySums = aligned(keyPanels + dimRowBytes * width);
    valueSums = aligned(keySums + dimRowBytes * width);
    scores = aligned(valueSums + valueRowBytes * width);
    gradients = aligned(scores + 4L * queries * width);
    queryPanels = aligned(gradients + 4L * queries * width);
    outputPanels = aligned(queryPanels + dimRowBytes * queries);
    queryTiles = aligned(outputPanels + valueRowBytes * queries);
    outputTiles = aligned(queryTiles + 4L * queries * dim);
    packed = aligned(outputTiles + 4L * queries * valueDim);
    queryTile = aligned(packed + 4L * GemmTile.ROWS * Math.max(width, queries));
    zeros = aligned(queryTile + GemmTile.ROWS * dimRowBytes);
    end = zeros + 4L * width;
  }

  private static long aligned(long offset) {
    return (offset + 63) & -64;
  }

  /** Bytes in all. */
  long end() {
    return end;
  }
}
