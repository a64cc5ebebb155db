package dev.wick.formats;

import dev.wick.formats.file.FormatException;
import dev.wick.formats.internal.JsonObject;
import dev.wick.formats.internal.PythonJson;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Reads and writes the JSON files of a checkpoint folder as Python's {@code json} does: the last of
 * two equal keys wins, and {@code NaN} and {@code Infinity} are numbers. Nesting and size of what
 * is read are bounded.
 */
public final class JsonFile {
  private JsonFile() {}

  /**
   * Reads a file that holds one JSON object.
   *
   * @return the object as nested unmodifiable {@code Map} (in file order), {@code List}, {@code
   *     String}, {@code Number} ({@code Integer}, {@code Long}, {@code BigInteger} or {@code
   *     Double}) and {@code Boolean}; a key whose value is null is left out, a null in an array
   *     stays, so that the others keep their place
   * @throws FormatException if the file is not UTF-8, not JSON, not an object, nested more than 127
   *     deep or larger than 64 MiB
   * @throws IOException if the file cannot be read
   */
  public static Map<String, Object> readObject(Path file) throws IOException {
    Map<String, Object> present = new LinkedHashMap<>();
    JsonObject.read(file, false)
        .forEach(
            (key, value) -> {
              if (value != null) {
                present.put(key, value);
              }
            });
    return Collections.unmodifiableMap(present);
  }

  /**
   * Writes a file as {@code json.dumps(indent=2)} does, whole or not at all.
   *
   * @param content nested maps, lists, texts, numbers and truth values; null is written as such
   * @throws IOException if it cannot be written; the old file is then untouched
   */
  public static void write(Path file, Map<String, ? extends @Nullable Object> content)
      throws IOException {
    PythonJson.write(content, file);
  }
}
