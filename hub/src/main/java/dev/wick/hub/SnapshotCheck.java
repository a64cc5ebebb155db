package dev.wick.hub;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;

/**
 * Tells from the files alone whether a snapshot can be used, without asking the hub. Another
 * program, or an interrupted download, may have left only a part of one.
 */
final class SnapshotCheck {
  private static final ObjectMapper JSON = new ObjectMapper();

  private SnapshotCheck() {}

  static boolean isComplete(Path folder, FileSelection selection) throws IOException {
    if (!Files.isDirectory(folder)) {
      return false;
    }
    Set<String> files = files(folder);
    if (!selection.isModel()) {
      return selection.everyPatternMatches(files);
    }
    if (files.contains("adapter_config.json")) {
      return files.contains(FileSelection.ADAPTER_FILE);
    }
    boolean tokenizer =
        files.contains("tokenizer.json")
            || files.contains("tokenizer.model")
            || files.containsAll(List.of("vocab.json", "merges.txt"));
    return files.contains("config.json") && tokenizer && hasWeights(folder, files);
  }

  private static boolean hasWeights(Path folder, Set<String> files) throws IOException {
    if (files.contains(FileSelection.SINGLE_FILE)) {
      return true;
    }
    if (files.contains(FileSelection.INDEX_FILE)) {
      return files.containsAll(shards(folder.resolve(FileSelection.INDEX_FILE)));
    }
    return files.stream().anyMatch(FileSelection::isWeights);
  }

  /**
   * The shard names of a {@code model.safetensors.index.json}.
   *
   * @throws IOException if the file cannot be read or has no weight map
   */
  static Set<String> shards(Path index) throws IOException {
    JsonNode map;
    try {
      map = JSON.readTree(Files.readAllBytes(index)).path("weight_map");
    } catch (JsonProcessingException e) {
      throw new IOException(index + ": expected JSON, got " + e.getOriginalMessage(), e);
    }
    Set<String> shards = new HashSet<>();
    map.forEach(shard -> shards.add(shard.asText()));
    if (shards.isEmpty()) {
      throw new IOException(index + ": expected a weight_map that names files, got none");
    }
    return shards;
  }

  /** The files of a snapshot whose content is here, with {@code /} between folders. */
  private static Set<String> files(Path folder) throws IOException {
    Set<String> names = new HashSet<>();
    try (Stream<Path> paths = Files.walk(folder)) {
      for (Path path : (Iterable<Path>) paths::iterator) {
        // Follows the link: one without its blob is no file.
        if (Files.isRegularFile(path)) {
          names.add(folder.relativize(path).toString().replace('\\', '/'));
        }
      }
    }
    return names;
  }
}
