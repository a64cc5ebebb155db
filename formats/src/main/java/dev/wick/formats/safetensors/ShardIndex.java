package dev.wick.formats.safetensors;

import dev.wick.formats.file.FormatException;
import dev.wick.formats.file.Quoted;
import dev.wick.formats.internal.JsonObject;
import java.io.IOException;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.SortedSet;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * The index of a sharded checkpoint ({@code model.safetensors.index.json}): which tensor is in
 * which file.
 *
 * @param file where it was read from
 * @param weightMap shard by tensor name; a shard is a relative path inside the folder of the index
 */
public record ShardIndex(Path file, Map<String, String> weightMap) {
  public ShardIndex {
    weightMap = Collections.unmodifiableMap(new LinkedHashMap<>(weightMap));
  }

  /**
   * Reads and checks an index; does not look at the shards.
   *
   * @throws FormatException if it is not JSON, declares a tensor twice, has no {@code weight_map}
   *     of names to shards, or names a shard outside of its folder
   * @throws IOException if the file cannot be read
   */
  public static ShardIndex read(Path file) throws IOException {
    Object declared = JsonObject.read(file, true).get("weight_map");
    if (!(declared instanceof Map<?, ?> entries)) {
      throw new FormatException(
          file,
          declared == null
              ? "weight_map is missing; expected an object of tensor names and shard files"
              : "weight_map: expected an object of tensor names and shard files, got "
                  + Quoted.of(declared.toString()));
    }
    if (entries.isEmpty()) {
      throw new FormatException(file, "weight_map: expected at least one tensor, got none");
    }
    Map<String, String> weightMap = LinkedHashMap.newLinkedHashMap(entries.size());
    for (Map.Entry<?, ?> entry : entries.entrySet()) {
      String tensor = String.valueOf(entry.getKey());
      if (!(entry.getValue() instanceof String shard)) {
        throw new FormatException(
            file,
            "weight_map: expected a file name for %s, got %s"
                .formatted(Quoted.of(tensor), Quoted.of(String.valueOf(entry.getValue()))));
      }
      String inside = inside(shard);
      if (inside == null) {
        throw new FormatException(
            file,
            "weight_map: expected a file in the folder of the index for %s, got %s"
                .formatted(Quoted.of(tensor), Quoted.of(shard)));
      }
      weightMap.put(tensor, inside);
    }
    return new ShardIndex(file, weightMap);
  }

  /** The shards, each once, sorted by name. */
  public SortedSet<String> shards() {
    return new TreeSet<>(weightMap.values());
  }

  /** The path of a shard. */
  public Path resolve(String shard) {
    return file.resolveSibling(shard);
  }

  /**
   * The path in normal form, or null if it leaves the folder or is none. By its letters alone: a
   * link to elsewhere is the owner's wish, as in the cache of the hub.
   */
  private static @Nullable String inside(String shard) {
    if (shard.chars().anyMatch(c -> c == '\\' || c == ':' || Character.isISOControl(c))) {
      return null; // would mean more on Windows than on Linux, or fool a terminal
    }
    Path path;
    try {
      path = Path.of(shard);
    } catch (InvalidPathException e) {
      return null;
    }
    for (Path step : path) {
      if (step.toString().equals("..")) {
        return null;
      }
    }
    String normal = path.normalize().toString();
    return path.isAbsolute() || shard.startsWith("/") || normal.isEmpty() ? null : normal;
  }
}
