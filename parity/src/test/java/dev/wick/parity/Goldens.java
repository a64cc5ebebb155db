package dev.wick.parity;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** The folders of reference data, which may be replaced by others of the same layout. */
final class Goldens {
  private static final ObjectMapper MAPPER = new ObjectMapper();

  private Goldens() {}

  /** The folder of {@code -Dwick.goldens}, else the one in this module. */
  static Path folder() {
    return folder("wick.goldens", "goldens");
  }

  /** The folder of {@code -Dwick.realTokenizer}, else the one in this module. */
  static Path realTokenizer() {
    return folder("wick.realTokenizer", "real-tokenizer");
  }

  private static Path folder(String property, String otherwise) {
    String given = System.getProperty(property, "");
    Path folder = Path.of(given.isEmpty() ? otherwise : given).toAbsolutePath();
    if (!Files.isDirectory(folder)) {
      throw new IllegalStateException(
          "goldens: expected a folder, got %s; set -D%s".formatted(folder, property));
    }
    return folder;
  }

  static JsonNode json(Path file) {
    try {
      return MAPPER.readTree(file.toFile());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
