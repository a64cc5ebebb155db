package dev.wick.tokenizers;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.Base64;
import java.util.List;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;
import org.jspecify.annotations.Nullable;

/**
 * Refuses what the native library (tokenizers 0.21) accepts although it cannot work with it: there
 * it panics on the first text, and a panic across JNI ends the process.
 */
final class PipelineCheck {
  private PipelineCheck() {}

  /** What is wrong with a normaliser, pre-tokeniser, post-processor or decoder, or null. */
  static @Nullable String problem(JsonNode part) {
    @Nullable String own =
        switch (part.path("type").asText("")) {
          case "TemplateProcessing" -> template(part);
          case "Replace" -> replacement(part);
          case "FixedLength" -> fixedLength(part);
          case "Precompiled" -> precompiled(part);
          default -> null;
        };
    if (own != null) {
      return own;
    }
    for (JsonNode inner : part) {
      if (inner.isContainerNode()) {
        @Nullable String problem = problem(inner);
        if (problem != null) {
          return problem;
        }
      }
    }
    return null;
  }

  private static @Nullable String template(JsonNode processor) {
    for (String name : List.of("single", "pair")) {
      for (JsonNode piece : processor.path(name)) {
        String id = piece.path("SpecialToken").path("id").asText("");
        JsonNode definition = processor.path("special_tokens").path(id);
        if (piece.has("SpecialToken")
            && definition.path("ids").size() != definition.path("tokens").size()) {
          return "the post-processor's token \"%s\" has not as many ids as tokens".formatted(id);
        }
        if (piece.has("SpecialToken") && !definition.isObject()) {
          return "the post-processor's template names an undefined token \"%s\"".formatted(id);
        }
      }
    }
    return null;
  }

  private static @Nullable String replacement(JsonNode replace) {
    JsonNode pattern = replace.path("pattern");
    if (replace.path("content").asText("").isEmpty()) {
      return pattern.path("String").asText("x").isEmpty() ? emptyMatch(pattern) : null;
    }
    if (pattern.has("String")) {
      return pattern.path("String").asText("").isEmpty() ? emptyMatch(pattern) : null;
    }
    try {
      boolean empty = Pattern.compile(pattern.path("Regex").asText("x")).matcher("").find();
      return empty ? emptyMatch(pattern) : null;
    } catch (PatternSyntaxException e) {
      return null; // Another dialect: the library says whether it is one of its own.
    }
  }

  private static String emptyMatch(JsonNode pattern) {
    return "a Replace step matches empty text: " + pattern;
  }

  private static @Nullable String fixedLength(JsonNode part) {
    JsonNode length = part.path("length");
    return length.isMissingNode() || length.asLong() > 0 ? null : "FixedLength has the length 0";
  }

  /** A double-array trie behind its size, and the texts that it leads to (sentencepiece). */
  private static @Nullable String precompiled(JsonNode part) {
    byte[] map;
    try {
      map = Base64.getDecoder().decode(part.path("precompiled_charsmap").asText(""));
    } catch (IllegalArgumentException e) {
      return "precompiled_charsmap is not base64: " + e.getMessage();
    }
    return CharsMapTrie.isSound(map) ? null : "precompiled_charsmap is damaged";
  }

  /**
   * Whether every merge's second part carries the prefix that the library cuts off it.
   *
   * @param merges pairs, or texts of two parts
   */
  static boolean carryPrefix(JsonNode merges, String prefix) {
    for (JsonNode merge : merges) {
      String second =
          merge.isTextual()
              ? merge.textValue().substring(merge.textValue().indexOf(' ') + 1)
              : merge.path(1).asText("");
      if (!second.startsWith(prefix)) {
        return false;
      }
    }
    return prefix.chars().allMatch(c -> c < 0x80); // It counts characters and cuts bytes.
  }
}
