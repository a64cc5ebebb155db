package dev.wick.formats.internal;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import dev.wick.formats.file.FormatException;
import dev.wick.formats.file.Quoted;
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

/** Reads JSON files as Python's {@code json} does; nesting and size are bounded. */
public final class JsonObject {
  private static final long MAX_BYTES = 64L << 20;

  private JsonObject() {}

  /**
   * Reads a file that holds one JSON object.
   *
   * @param strict whether equal keys are an error and null values are kept; else the last of equal
   *     keys wins, and a key whose value is null is left out
   * @return nested unmodifiable maps and lists
   */
  public static Map<String, @Nullable Object> read(Path file, boolean strict) throws IOException {
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
