package dev.wick.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.wick.formats.file.MappedFile;
import dev.wick.formats.safetensors.SafetensorsFile;
import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;

/** Files that {@code wick logits} wrote. */
final class LogitsFile {
  private LogitsFile() {}

  static double largestDifference(Path x, Path y) throws IOException {
    float[] left = read(x);
    float[] right = read(y);
    assertThat(left).hasSameSizeAs(right);
    double worst = 0;
    for (int i = 0; i < left.length; i++) {
      worst = Math.max(worst, Math.abs(left[i] - right[i]));
    }
    return worst;
  }

  private static float[] read(Path path) throws IOException {
    try (MappedFile<?> file = SafetensorsFile.open(path)) {
      return file.data("logits").toArray(ValueLayout.JAVA_FLOAT_UNALIGNED);
    }
  }
}
