package dev.wick.formats.internal;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.json.JsonReadFeature;
import dev.wick.formats.file.FormatException;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.channels.ClosedByInterruptException;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** JSON parsers for files that nobody vouches for: strict UTF-8, bounded depth. */
public final class StrictJson {
  /** Levels of nesting, the limit of serde_json, with which the reference library reads headers. */
  static final int MAX_DEPTH = 127;

  private static final int MAX_STRING = 100_000_000;

  private static final Pattern INTERNALS =
      Pattern.compile(" \\(start marker at .*|, from `StreamReadConstraints\\.\\w+\\(\\)`");

  // Names come from the file: interning them would hand the JVM's string table to a stranger.
  private static final JsonFactory FACTORY =
      JsonFactory.builder()
          .disable(JsonFactory.Feature.CANONICALIZE_FIELD_NAMES)
          .disable(JsonFactory.Feature.INTERN_FIELD_NAMES)
          .streamReadConstraints(
              StreamReadConstraints.builder()
                  .maxNestingDepth(MAX_DEPTH)
                  .maxNameLength(MAX_STRING)
                  .maxStringLength(MAX_STRING)
                  .build())
          .build();

  private StrictJson() {}

  /** A parser of RFC 8259 JSON. */
  public static JsonParser parser(InputStream input) throws IOException {
    return FACTORY.createParser(
        new InputStreamReader(
            input,
            StandardCharsets.UTF_8
                .newDecoder()
                .onMalformedInput(CodingErrorAction.REPORT)
                .onUnmappableCharacter(CodingErrorAction.REPORT)));
  }

  /** A parser that also takes NaN and Infinity, which Python writes. */
  public static JsonParser pythonParser(InputStream input) throws IOException {
    return parser(input).configure(JsonReadFeature.ALLOW_NON_NUMERIC_NUMBERS.mappedFeature(), true);
  }

  /** Checks that nothing but white space follows the value that was read last. */
  public static void requireEnd(JsonParser parser, Path file, String what) throws IOException {
    JsonToken token = parser.nextToken();
    if (token != null) {
      throw new FormatException(
          file,
          "%s: expected nothing after the JSON object, got %s".formatted(what, describe(token)));
    }
  }

  /** The failure of a parse as an exception that names the file and what was read from it. */
  public static IOException explain(Path file, String what, IOException failure) {
    return switch (failure) {
      case FormatException format -> format;
      case ClosedByInterruptException interrupt -> interrupt;
      case JsonProcessingException json ->
          new FormatException(
              file,
              "%s is not valid JSON: %s (character %d)"
                  .formatted(
                      what,
                      plain(json.getOriginalMessage()),
                      json.getLocation() == null ? 0 : json.getLocation().getCharOffset()),
              json);
      case CharacterCodingException coding ->
          new FormatException(file, what + " is not valid UTF-8", coding);
      default -> new IOException("%s: %s".formatted(file, failure.getMessage()), failure);
    };
  }

  /** A parser's message without the names of its classes and options. */
  private static String plain(String message) {
    return INTERNALS.matcher(message.lines().findFirst().orElse("syntax error")).replaceAll("");
  }

  /** A token in words, for messages. */
  public static String describe(@Nullable JsonToken token) {
    return switch (token) {
      case null -> "nothing";
      case START_OBJECT -> "an object";
      case START_ARRAY -> "an array";
      case VALUE_STRING -> "a string";
      case VALUE_NUMBER_INT -> "a number";
      case VALUE_NUMBER_FLOAT -> "a fraction";
      case VALUE_TRUE -> "true";
      case VALUE_FALSE -> "false";
      case VALUE_NULL -> "null";
      default -> token.toString();
    };
  }
}
