package dev.wick.tokenizers;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.wick.formats.gguf.GgufFile;
import dev.wick.formats.gguf.GgufHeader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The part of a {@code tokenizer_config.json} that matters here: which tokens are special and by
 * which name, and the chat templates. Immutable.
 */
public final class TokenizerConfig {
  private static final ObjectMapper MAPPER = new ObjectMapper();
  private static final TokenizerConfig EMPTY =
      new TokenizerConfig(Map.of(), List.of(), List.of(), Map.of());

  /** In the order in which transformers hands them to a template. */
  private static final List<String> NAMES =
      List.of(
          "bos_token",
          "eos_token",
          "unk_token",
          "sep_token",
          "pad_token",
          "cls_token",
          "mask_token");

  private final Map<String, String> specialTokens;
  private final List<String> additionalSpecialTokens;
  private final List<AddedToken> addedTokens;
  private final Map<String, String> chatTemplates;

  private TokenizerConfig(
      Map<String, String> specialTokens,
      List<String> additionalSpecialTokens,
      List<AddedToken> addedTokens,
      Map<String, String> chatTemplates) {
    this.specialTokens = Collections.unmodifiableMap(new LinkedHashMap<>(specialTokens));
    this.additionalSpecialTokens = List.copyOf(additionalSpecialTokens);
    this.addedTokens = List.copyOf(addedTokens);
    this.chatTemplates = Collections.unmodifiableMap(new LinkedHashMap<>(chatTemplates));
  }

  /** A configuration that says nothing. */
  public static TokenizerConfig empty() {
    return EMPTY;
  }

  /** A configuration of named special tokens and chat templates. */
  static TokenizerConfig of(Map<String, String> specialTokens, Map<String, String> chatTemplates) {
    return new TokenizerConfig(specialTokens, List.of(), List.of(), chatTemplates);
  }

  /**
   * Reads {@code tokenizer_config.json} of a folder, or what stands for it in a GGUF file; a folder
   * without one has an empty configuration.
   *
   * @throws IOException if the file cannot be read or is damaged; the message names it
   */
  public static TokenizerConfig load(Path path) throws IOException {
    if (GgufFile.hasName(path) && !Files.isDirectory(path)) {
      return GgufTokenizer.config(GgufHeader.readModel(path).metadata());
    }
    Path file = path.resolve("tokenizer_config.json");
    return Files.exists(file) ? parse(file.toString(), Files.readAllBytes(file)) : EMPTY;
  }

  /**
   * Reads the content of a {@code tokenizer_config.json}.
   *
   * @param name where it comes from, for messages
   * @throws IOException if it is damaged; the message begins with the name
   */
  public static TokenizerConfig parse(String name, byte[] json) throws IOException {
    JsonNode root;
    try {
      root = MAPPER.readTree(json);
    } catch (JsonProcessingException e) {
      throw new IOException(name + ": not valid JSON: " + e.getOriginalMessage(), e);
    }
    if (root == null || !root.isObject()) {
      throw new IOException(name + ": expected a JSON object");
    }
    Map<String, String> named = new LinkedHashMap<>();
    for (String key : NAMES) {
      @Nullable String content = contentOf(root.path(key));
      if (content != null) {
        named.put(key, content);
      }
    }
    List<String> additional = new ArrayList<>();
    for (String key : List.of("additional_special_tokens", "extra_special_tokens")) {
      JsonNode value = root.path(key);
      for (Map.Entry<String, JsonNode> token : value.properties()) {
        @Nullable String content = contentOf(token.getValue());
        if (content != null) {
          named.put(token.getKey(), content);
        }
      }
      if (value.isArray()) {
        for (JsonNode token : value) {
          @Nullable String content = contentOf(token);
          if (content != null) {
            additional.add(content);
          }
        }
      }
    }
    return new TokenizerConfig(
        named,
        additional,
        addedTokens(name, root),
        chatTemplates(name, root.path("chat_template")));
  }

  /** Special tokens by name ({@code bos_token}, {@code eos_token}, ...); unset ones are absent. */
  public Map<String, String> specialTokens() {
    return specialTokens;
  }

  /** Further special tokens, without a name. */
  public List<String> additionalSpecialTokens() {
    return additionalSpecialTokens;
  }

  /** Chat templates by name; a single unnamed template is called {@code default}. */
  public Map<String, String> chatTemplates() {
    return chatTemplates;
  }

  /** The {@code added_tokens_decoder}, by id. */
  List<AddedToken> addedTokens() {
    return addedTokens;
  }

  private static @Nullable String contentOf(JsonNode token) {
    JsonNode content = token.isObject() ? token.path("content") : token;
    return content.isTextual() ? content.textValue() : null;
  }

  private static List<AddedToken> addedTokens(String name, JsonNode root) throws IOException {
    List<Map.Entry<String, JsonNode>> entries =
        new ArrayList<>(root.path("added_tokens_decoder").properties());
    for (Map.Entry<String, JsonNode> entry : entries) {
      if (!entry.getKey().matches("\\d{1,9}") || contentOf(entry.getValue()) == null) {
        throw new IOException(
            "%s: added_tokens_decoder: expected id and token, got \"%s\": %s"
                .formatted(name, entry.getKey(), entry.getValue()));
      }
    }
    entries.sort(Comparator.comparingInt(entry -> Integer.parseInt(entry.getKey())));
    List<AddedToken> tokens = new ArrayList<>();
    for (Map.Entry<String, JsonNode> entry : entries) {
      JsonNode token = entry.getValue();
      tokens.add(
          new AddedToken(
              token.path("content").asText(),
              token.path("special").asBoolean(),
              token.path("single_word").asBoolean(),
              token.path("lstrip").asBoolean(),
              token.path("rstrip").asBoolean(),
              token.path("normalized").asBoolean()));
    }
    return tokens;
  }

  private static Map<String, String> chatTemplates(String name, JsonNode value) throws IOException {
    Map<String, String> templates = new LinkedHashMap<>();
    if (value.isTextual()) {
      templates.put("default", value.textValue());
    } else if (value.isArray()) {
      for (JsonNode entry : value) {
        if (!entry.path("name").isTextual() || !entry.path("template").isTextual()) {
          throw new IOException(
              name + ": chat_template: expected objects with a name and a template");
        }
        templates.put(entry.path("name").textValue(), entry.path("template").textValue());
      }
    } else if (!value.isMissingNode() && !value.isNull()) {
      throw new IOException(name + ": chat_template: expected text or a list of named templates");
    }
    return templates;
  }
}
