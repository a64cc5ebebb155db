package dev.wick.backend.cpu.kernel;

import dev.wick.backend.cpu.loop.GemmTile;

/** Places in a worker's scratch for one block of keys and one of queries, in bytes. */
final class GradientScratch {
  /** Bytes between rows of {@link #keySums}. */
  final long dimRowBytes;

  /** Bytes between rows of {@link #valueSums}. */
  final long valueRowBytes;

  /** Keys and values as columns, with a row of ones below. */
  final long keysTransposed;

  final long valuesTransposed;

  /** Scaled keys as rows. */
  final long keyPanels;

  /** Gradients of the keys and values of the block. */
  final long keySums;

  final long valueSums;

  /** Scores and then weights of a block, and the gradients of both. */
  final long scores;

  final long gradients;
  final long packed;
  final long zeros;
  private final long end;

  GradientScratch(int dim, int valueDim, int width, int queries) {
    dimRowBytes = 4L * ((dim + width - 1) / width) * width;
    valueRowBytes = 4L * ((valueDim + width - 1) / width) * width;
    keysTransposed = 0;
    valuesTransposed = aligned(keysTransposed + 4L * (dim + 1) * width);
    keyPanels = aligned(valuesTransposed + 4L * (valueDim + 1) * width);
    keySums = aligned(keyPanels + dimRowBytes * width);
    valueSums = aligned(keySums + dimRowBytes * width);
    scores = aligned(valueSums + valueRowBytes * width);
    gradients = aligned(scores + 4L * queries * width);
    packed = aligned(gradients + 4L * queries * width);
    zeros = aligned(packed + 4L * GemmTile.ROWS * Math.max(width, queries));
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
