package dev.wick.tokenizers;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import dev.wick.formats.file.FormatException;
import dev.wick.formats.gguf.GgufMetadata;
import dev.wick.formats.gguf.GgufVocabulary;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The tokenizer in the metadata of a GGUF file, said in the words of {@code tokenizer.json}, so
 * that the same library encodes with it.
 *
 * <p>What the metadata do not have, the normaliser and the pattern that splits words, goes by the
 * name that llama.cpp gives to the pattern.
 */
final class GgufTokenizer {
  static final String BYTE_LEVEL_BPE = "gpt2";
  private static final String QWEN2 = "qwen2";
  static final int NORMAL = 1;
  static final int CONTROL = 3;
  static final int USER_DEFINED = 4;
  static final int UNUSED = 5;
  private static final int JSON_BYTES_PER_TOKEN = 64;
  private static final String NAMED_TEMPLATE = GgufVocabulary.CHAT_TEMPLATE + ".";

  /** Patterns by name; none means that of GPT-2, which the library has built in. */
  private static final Map<String, String> PATTERNS = patterns();

  private static final Map<String, String> NAMED =
      Map.of(
          "bos_token", GgufVocabulary.BOS,
          "eos_token", GgufVocabulary.EOS,
          "pad_token", GgufVocabulary.PADDING);

  private final GgufMetadata metadata;

  private GgufTokenizer(GgufMetadata metadata) {
    this.metadata = metadata;
  }

  private static Map<String, String> patterns() {
    String letters = "[^\\r\\n\\p{L}\\p{N}]?%1$s+|\\p{N}| ?[^\\s%2$s\\p{N}]+[\\r\\n]*";
    String pattern = "(?i:'s|'t|'re|'ve|'m|'ll|'d)|" + letters + "|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";
    String qwen2 = pattern.formatted("\\p{L}", "\\p{L}");
    Map<String, String> patterns = new LinkedHashMap<>();
    patterns.put(QWEN2, qwen2);
    patterns.put("deepseek-r1-qwen", qwen2);
    patterns.put("qwen35", pattern.formatted("[\\p{L}\\p{M}]", "\\p{L}\\p{M}"));
    patterns.put("gpt-2", "");
    patterns.put("default", "");
    return patterns;
  }

  /** The name of a pattern that splits words, the empty one being GPT-2's. */
  static Optional<String> nameOf(String pattern) {
    return PATTERNS.entrySet().stream()
        .filter(entry -> entry.getValue().equals(pattern))
        .map(Map.Entry::getKey)
        .findFirst();
  }

  /**
   * The content of a {@code tokenizer.json}.
   *
   * @throws FormatException if the file has no tokenizer, or one of a kind that is not supported
   */
  static byte[] json(GgufMetadata metadata) throws IOException {
    Optional<String> whole = metadata.text(GgufVocabulary.HUGGING_FACE);
    return whole.isPresent()
        ? whole.get().getBytes(StandardCharsets.UTF_8)
        : new GgufTokenizer(metadata).write();
  }

  /**
   * Special tokens and chat templates.
   *
   * @throws FormatException if a value is of a wrong kind
   */
  static TokenizerConfig config(GgufMetadata metadata) throws FormatException {
    List<String> tokens = metadata.texts(GgufVocabulary.TOKENS);
    Map<String, String> special = new LinkedHashMap<>();
    for (Map.Entry<String, String> entry : NAMED.entrySet()) {
      Optional<Integer> id = metadata.integer(entry.getValue(), 0);
      if (id.isPresent() && !tokens.isEmpty()) {
        special.put(entry.getKey(), token(metadata, entry.getValue(), id.get()));
      }
    }
    Map<String, String> templates = new LinkedHashMap<>();
    metadata
        .text(GgufVocabulary.CHAT_TEMPLATE)
        .ifPresent(template -> templates.put("default", template));
    for (String key : metadata.values().keySet()) {
      if (key.startsWith(NAMED_TEMPLATE)) { // also those that no list names, as llama.cpp does
        metadata
            .text(key)
            .ifPresent(template -> templates.put(key.substring(NAMED_TEMPLATE.length()), template));
      }
    }
    return TokenizerConfig.of(special, templates);
  }

  private static String token(GgufMetadata metadata, String key, int id) throws FormatException {
    List<String> tokens = metadata.texts(GgufVocabulary.TOKENS);
    if (id >= tokens.size()) {
      throw metadata.refuse(key, "one of the %d tokens".formatted(tokens.size()));
    }
    return tokens.get(id);
  }

  private byte[] write() throws IOException {
    String model =
        metadata
            .text(GgufVocabulary.MODEL)
            .orElseThrow(
                () ->
                    metadata.refuse(
                        GgufVocabulary.MODEL, "a tokenizer, which this file does not have"));
    if (!model.equals(BYTE_LEVEL_BPE)) {
      throw metadata.refuse(GgufVocabulary.MODEL, BYTE_LEVEL_BPE + ", byte-level BPE");
    }
    String pre = metadata.text(GgufVocabulary.PRE).orElse(QWEN2); // absent in files before 2024-05
    String pattern = PATTERNS.get(pre);
    if (pattern == null) {
      throw metadata.refuse(GgufVocabulary.PRE, "one of " + PATTERNS.keySet());
    }
    List<String> tokens = metadata.texts(GgufVocabulary.TOKENS);
    if (tokens.isEmpty()) {
      throw metadata.refuse(GgufVocabulary.TOKENS, "a list of tokens");
    }
    var out = new ByteArrayOutputStream(JSON_BYTES_PER_TOKEN * tokens.size());
    try (JsonGenerator json = new JsonFactory().createGenerator(out)) {
      json.writeStartObject();
      json.writeStringField("version", "1.0");
      writeAddedTokens(json, tokens);
      writePipeline(json, pattern);
      writeModel(json, tokens);
      json.writeEndObject();
    }
    return out.toByteArray();
  }

  private List<Integer> types(List<String> tokens) throws FormatException {
    List<Integer> types = metadata.integers(GgufVocabulary.TOKEN_TYPES);
    if (!types.isEmpty() && types.size() != tokens.size()) {
      throw metadata.refuse(
          GgufVocabulary.TOKEN_TYPES, "a type for each of the %d tokens".formatted(tokens.size()));
    }
    return types;
  }

  private void writeAddedTokens(JsonGenerator json, List<String> tokens) throws IOException {
    List<Integer> types = types(tokens);
    json.writeArrayFieldStart("added_tokens");
    for (int id = 0; id < types.size(); id++) {
      int type = types.get(id);
      if (type == CONTROL || type == USER_DEFINED) {
        json.writeStartObject();
        json.writeNumberField("id", id);
        json.writeStringField("content", tokens.get(id));
        for (String flag : List.of("single_word", "lstrip", "rstrip", "normalized")) {
          json.writeBooleanField(flag, false);
        }
        json.writeBooleanField("special", type == CONTROL);
        json.writeEndObject();
      }
    }
    json.writeEndArray();
  }

  private void writePipeline(JsonGenerator json, String pattern) throws IOException {
    boolean ownPattern = !pattern.isEmpty();
    if (ownPattern) {
      json.writeObjectFieldStart("normalizer");
      json.writeStringField("type", "NFC");
      json.writeEndObject();
    }
    json.writeObjectFieldStart("pre_tokenizer");
    if (ownPattern) {
      json.writeStringField("type", "Sequence");
      json.writeArrayFieldStart("pretokenizers");
      json.writeStartObject();
      json.writeStringField("type", "Split");
      json.writeObjectFieldStart("pattern");
      json.writeStringField("Regex", pattern);
      json.writeEndObject();
      json.writeStringField("behavior", "Isolated");
      json.writeBooleanField("invert", false);
      json.writeEndObject();
      json.writeStartObject();
    }
    writeByteLevel(json, !ownPattern);
    json.writeEndObject();
    if (ownPattern) {
      json.writeEndArray();
      json.writeEndObject();
    }
    writePostProcessor(json);
    json.writeObjectFieldStart("decoder");
    writeByteLevel(json, true);
    json.writeEndObject();
  }

  private static void writeByteLevel(JsonGenerator json, boolean useRegex) throws IOException {
    json.writeStringField("type", "ByteLevel");
    json.writeBooleanField("add_prefix_space", false);
    json.writeBooleanField("trim_offsets", false);
    json.writeBooleanField("use_regex", useRegex);
  }

  /** Puts the first and the last token around a text, where the file asks for them. */
  private void writePostProcessor(JsonGenerator json) throws IOException {
    Optional<Integer> first = added(GgufVocabulary.ADD_BOS, GgufVocabulary.BOS);
    Optional<Integer> last = added(GgufVocabulary.ADD_EOS, GgufVocabulary.EOS);
    json.writeObjectFieldStart("post_processor");
    if (first.isEmpty() && last.isEmpty()) {
      writeByteLevel(json, false);
      json.writeEndObject();
      return;
    }
    Map<String, Integer> special = new LinkedHashMap<>();
    json.writeStringField("type", "TemplateProcessing");
    for (String form : List.of("single", "pair")) {
      json.writeArrayFieldStart(form);
      for (String text : form.equals("single") ? List.of("A") : List.of("A", "B")) {
        if (first.isPresent()) {
          writeSpecial(json, GgufVocabulary.BOS, first.get(), special);
        }
        writePiece(json, "Sequence", text);
        if (last.isPresent()) {
          writeSpecial(json, GgufVocabulary.EOS, last.get(), special);
        }
      }
      json.writeEndArray();
    }
    json.writeObjectFieldStart("special_tokens");
    for (Map.Entry<String, Integer> entry : special.entrySet()) {
      json.writeObjectFieldStart(entry.getKey());
      json.writeStringField("id", entry.getKey());
      json.writeArrayFieldStart("ids");
      json.writeNumber(entry.getValue());
      json.writeEndArray();
      json.writeArrayFieldStart("tokens");
      json.writeString(entry.getKey());
      json.writeEndArray();
      json.writeEndObject();
    }
    json.writeEndObject();
    json.writeEndObject();
  }

  private Optional<Integer> added(String flag, String key) throws FormatException {
    return metadata.flag(flag).orElse(false) ? metadata.integer(key, 0) : Optional.empty();
  }

  private void writeSpecial(JsonGenerator json, String key, int id, Map<String, Integer> special)
      throws IOException {
    String token = token(metadata, key, id);
    special.put(token, id);
    writePiece(json, "SpecialToken", token);
  }

  private static void writePiece(JsonGenerator json, String kind, String id) throws IOException {
    json.writeStartObject();
    json.writeObjectFieldStart(kind);
    json.writeStringField("id", id);
    json.writeNumberField("type_id", 0);
    json.writeEndObject();
    json.writeEndObject();
  }

  /** All tokens stand in the vocabulary, added ones too: so each has the id of its place. */
  private void writeModel(JsonGenerator json, List<String> tokens) throws IOException {
    List<Integer> types = types(tokens);
    json.writeObjectFieldStart("model");
    json.writeStringField("type", "BPE");
    json.writeObjectFieldStart("vocab");
    for (int id = 0; id < tokens.size(); id++) {
      if (types.isEmpty() || types.get(id) != UNUSED) {
        json.writeNumberField(tokens.get(id), id);
      }
    }
    json.writeEndObject();
    json.writeArrayFieldStart("merges");
    for (String merge : metadata.texts(GgufVocabulary.MERGES)) {
      json.writeString(merge);
    }
    json.writeEndArray();
    json.writeEndObject();
  }
}
