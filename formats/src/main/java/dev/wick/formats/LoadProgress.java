package dev.wick.formats;

import java.nio.file.Path;

/**
 * How far a prefetch has come.
 *
 * @param file the file that is being read
 * @param bytesDone bytes in memory so far, over all files
 * @param bytesTotal bytes of all files
 */
public record LoadProgress(Path file, long bytesDone, long bytesTotal) {
  public LoadProgress {
    if (bytesDone < 0 || bytesDone > bytesTotal) {
      throw new IllegalArgumentException(
          "load progress: expected 0 <= bytesDone <= bytesTotal, got %d of %d"
              .formatted(bytesDone, bytesTotal));
    }
  }

  /** The part done, 0 to 1. */
  public double fraction() {
    return bytesTotal == 0 ? 1 : (double) bytesDone / bytesTotal;
  }
}
