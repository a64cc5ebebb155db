package dev.wick.formats;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import java.io.InputStream;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Reads the JSON files of a checkpoint folder as Python's {@code json} does: the last of two equal
 * keys wins, and {@code NaN} and {@code Infinity} are numbers. Nesting and size are bounded.
 */
public final class JsonFile {
  private static final long MAX_BYTES = 64L << 20;

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
    read(file, false)
        .forEach(
            (key, value) -> {
              if (value != null) {
                present.put(key, value);
              }
            });
    return Collections.unmodifiableMap(present);
  }

  /** As {@link #readObject}; strict means that equal keys are an error and null values are kept. */
  static Map<String, @Nullable Object> read(Path file, boolean strict) throws IOException {
    String what = Objects.toString(file.getFileName(), "the file");
    try (FileChannel channel = FileInput.open(file)) {
      long size = channel.size();
      if (size > MAX_BYTES) {
        throw new FormatException(
            file, "expected a JSON file of at most %d bytes, got %d".formatted(MAX_BYTES, size));
      }
      String misplaced = FileKind.misplaced(FileInput.prefix(channel));
      if (misplaced != null) {
        throw new FormatException(file, misplaced);
      }
      try (InputStream input = new FileInput(channel, 0, size);
          JsonParser json = StrictJson.pythonParser(input)) {
        JsonToken first = json.nextToken();
        if (first == null) {
          throw new FormatException(file, "expected a JSON object, got an empty file");
        }
        if (first != JsonToken.START_OBJECT) {
          throw new FormatException(
              file, "expected a JSON object, got " + StrictJson.describe(first));
        }
        Map<String, @Nullable Object> object = object(file, json, strict);
        StrictJson.requireEnd(json, file, what);
        return object;
      } catch (IOException e) {
        throw StrictJson.explain(file, what, e);
      }
    }
  }

  private static Map<String, @Nullable Object> object(Path file, JsonParser json, boolean strict)
      throws IOException {
    Map<String, @Nullable Object> map = new LinkedHashMap<>();
    while (json.nextToken() != JsonToken.END_OBJECT) {
      String key = json.currentName();
      if (strict && map.containsKey(key)) {
        throw new FormatException(file, "%s is declared twice".formatted(Quoted.of(key)));
      }
      json.nextToken();
      map.put(key, value(file, json, strict));
    }
    if (!strict) {
      map.values().removeIf(Objects::isNull);
    }
    return Collections.unmodifiableMap(map);
  }

  private static List<@Nullable Object> array(Path file, JsonParser json, boolean strict)
      throws IOException {
    List<@Nullable Object> list = new ArrayList<>();
    while (json.nextToken() != JsonToken.END_ARRAY) {
      list.add(value(file, json, strict));
    }
    return Collections.unmodifiableList(list);
  }

  private static @Nullable Object value(Path file, JsonParser json, boolean strict)
      throws IOException {
    return switch (json.currentToken()) {
      case START_OBJECT -> object(file, json, strict);
      case START_ARRAY -> array(file, json, strict);
      case VALUE_STRING -> json.getText();
      case VALUE_NUMBER_INT -> json.getNumberValue();
      case VALUE_NUMBER_FLOAT -> json.getDoubleValue();
      case VALUE_TRUE -> true;
      case VALUE_FALSE -> false;
      case VALUE_NULL -> null;
      default ->
          throw new FormatException(
              file, "expected a value, got " + StrictJson.describe(json.currentToken()));
    };
  }
}
