package dev.wick.lora.training.data;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Reads records from a JSONL file: an object per line, with {@code messages} (and {@code tools}),
 * with {@code prompt} and {@code completion}, or with {@code text}. Other keys and blank lines are
 * passed over.
 */
public final class JsonLines {
  private static final JsonFactory JSON =
      JsonFactory.builder()
          .streamReadConstraints(
              StreamReadConstraints.builder()
                  .maxNestingDepth(127)
                  .maxStringLength(100_000_000)
                  .build())
          .build();

  private final String origin;

  private JsonLines(String origin) {
    this.origin = origin;
  }

  /**
   * Reads all records.
   *
   * @throws DatasetException if a line is not JSON or no record, or there is none; names file and
   *     line
   * @throws IOException if the file cannot be read
   */
  public static List<TrainingRecord> read(Path file) throws IOException {
    List<TrainingRecord> records = new ArrayList<>();
    int number = 0;
    try (BufferedReader reader = Files.newBufferedReader(file, StandardCharsets.UTF_8)) {
      for (String line = reader.readLine(); line != null; line = reader.readLine()) {
        number++;
        String text = number == 1 && line.startsWith("\uFEFF") ? line.substring(1) : line;
        if (!text.isBlank()) {
          records.add(new JsonLines(file + ":" + number).record(text));
        }
      }
    } catch (CharacterCodingException e) {
      throw new DatasetException(
          file.toString(), "expected UTF-8 text, got other bytes after line " + number, e);
    }
    if (records.isEmpty()) {
      throw new DatasetException(
          file.toString(), "expected at least one record, got an empty file");
    }
    return records;
  }

  private TrainingRecord record(String line) throws IOException {
    Map<String, @Nullable Object> object = parse(line);
    if (object.get("messages") != null) {
      return new TrainingRecord(conversation(object), origin);
    }
    if (object.get("prompt") != null || object.get("completion") != null) {
      return new TrainingRecord(
          new TrainingRecord.Completion(text(object, "prompt"), text(object, "completion")),
          origin);
    }
    if (object.get("text") != null) {
      return new TrainingRecord(new TrainingRecord.PlainText(text(object, "text")), origin);
    }
    throw new DatasetException(
        origin,
        "expected \"messages\", \"prompt\" and \"completion\", or \"text\", got the keys "
            + object.keySet());
  }

  private TrainingRecord.Conversation conversation(Map<String, @Nullable Object> object)
      throws DatasetException {
    List<Map<String, Object>> messages = objects(object, "messages");
    if (messages.isEmpty()) {
      throw new DatasetException(origin, "expected at least one message, got none");
    }
    for (Map<String, Object> message : messages) {
      if (!(message.get("role") instanceof String)) {
        throw new DatasetException(
            origin, "expected a \"role\" in each message, got the keys " + message.keySet());
      }
    }
    return new TrainingRecord.Conversation(
        messages, object.get("tools") == null ? List.of() : objects(object, "tools"));
  }

  private List<Map<String, Object>> objects(Map<String, @Nullable Object> object, String key)
      throws DatasetException {
    if (!(object.get(key) instanceof List<?> list)) {
      throw new DatasetException(origin, "expected a list of objects as \"%s\"".formatted(key));
    }
    List<Map<String, Object>> maps = new ArrayList<>();
    for (Object item : list) {
      if (!(item instanceof Map<?, ?> map)) {
        throw new DatasetException(origin, "expected a list of objects as \"%s\"".formatted(key));
      }
      Map<String, Object> copy = new LinkedHashMap<>();
      map.forEach((name, value) -> copy.put((String) name, value));
      maps.add(copy);
    }
    return maps;
  }

  private String text(Map<String, @Nullable Object> object, String key) throws DatasetException {
    if (object.get(key) instanceof String text) {
      return text;
    }
    throw new DatasetException(
        origin,
        "expected a text as \"%s\", got %s"
            .formatted(key, object.containsKey(key) ? "something else" : "none"));
  }

  private Map<String, @Nullable Object> parse(String line) throws IOException {
    try (JsonParser json = JSON.createParser(line)) {
      if (json.nextToken() != JsonToken.START_OBJECT) {
        throw new DatasetException(origin, "expected a JSON object, got another value");
      }
      Map<String, @Nullable Object> object = object(json);
      if (json.nextToken() != null) {
        throw new DatasetException(origin, "expected one JSON object per line, got more");
      }
      return object;
    } catch (JsonProcessingException e) {
      throw new DatasetException(
          origin,
          "expected JSON, got a syntax error at column %d: %s"
              .formatted(
                  e.getLocation() == null ? 1 : e.getLocation().getColumnNr(),
                  e.getOriginalMessage().lines().findFirst().orElse("")),
          e);
    }
  }

  private Map<String, @Nullable Object> object(JsonParser json) throws IOException {
    Map<String, @Nullable Object> map = new LinkedHashMap<>();
    while (json.nextToken() != JsonToken.END_OBJECT) {
      String key = json.currentName();
      json.nextToken();
      map.put(key, value(json));
    }
    return map;
  }

  private @Nullable Object value(JsonParser json) throws IOException {
    return switch (json.currentToken()) {
      case START_OBJECT -> object(json);
      case START_ARRAY -> {
        List<@Nullable Object> list = new ArrayList<>();
        while (json.nextToken() != JsonToken.END_ARRAY) {
          list.add(value(json));
        }
        yield list;
      }
      case VALUE_STRING -> json.getText();
      case VALUE_NUMBER_INT -> json.getNumberValue();
      case VALUE_NUMBER_FLOAT -> json.getDoubleValue();
      case VALUE_TRUE -> true;
      case VALUE_FALSE -> false;
      case VALUE_NULL -> null;
      default ->
          throw new DatasetException(origin, "expected a JSON value, got " + json.currentToken());
    };
  }
}
