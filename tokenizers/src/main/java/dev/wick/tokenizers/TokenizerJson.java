package dev.wick.tokenizers;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * What Java needs of a {@code tokenizer.json}: the vocabulary, the added tokens and the kind of
 * decoder. The pipeline itself is handed on to the native library as it stands.
 *
 * <p>Read in one pass without a tree: a real file is 11 MB, nearly all of it vocabulary and merges.
 */
final class TokenizerJson {
  /** Names are tokens here, each seen once: a symbol table of them would only cost. */
  private static final JsonFactory FACTORY =
      JsonFactory.builder()
          .disable(JsonFactory.Feature.CANONICALIZE_FIELD_NAMES)
          .disable(JsonFactory.Feature.INTERN_FIELD_NAMES)
          .build();

  private static final ObjectMapper MAPPER = new ObjectMapper(FACTORY);

  private static final Set<String> PIPELINE =
      Set.of("added_tokens", "normalizer", "pre_tokenizer", "post_processor", "decoder");

  private final String name;
  private final byte[] json;
  private final TokenTable tokens = new TokenTable();
  private final List<AddedToken> addedTokens = new ArrayList<>();
  private final Consumer<TokenizerJson> whenPipelineIsKnown;
  private final Set<String> seen = new HashSet<>();
  private boolean announced;
  private boolean byteLevel;
  private @Nullable String subwordPrefix;
  private boolean hasMerges;
  private boolean hasModel;
  private boolean hasVocabulary;
  private int addedBegin;
  private int addedEnd;

  private TokenizerJson(String name, byte[] json, Consumer<TokenizerJson> whenPipelineIsKnown) {
    this.name = name;
    this.json = json;
    this.whenPipelineIsKnown = whenPipelineIsKnown;
  }

  /**
   * Reads and checks a file's content.
   *
   * @param name the file, for messages
   * @param whenPipelineIsKnown called once, as soon as everything but the vocabulary and the merges
   *     is read and checked: in usual files before them, else at the end
   * @throws IOException if it is no tokenizer.json; the message names the file
   */
  static TokenizerJson parse(String name, byte[] json, Consumer<TokenizerJson> whenPipelineIsKnown)
      throws IOException {
    TokenizerJson parsed = new TokenizerJson(name, json, whenPipelineIsKnown);
    try (JsonParser parser = FACTORY.createParser(json)) {
      parsed.readRoot(parser);
    } catch (JsonProcessingException e) {
      throw new IOException(
          "%s: not valid JSON: %s (line %d)"
              .formatted(
                  name,
                  e.getOriginalMessage(),
                  e.getLocation() == null ? 0 : e.getLocation().getLineNr()),
          e);
    }
    if (!parsed.hasModel) {
      throw parsed.wrong("no \"model\"");
    }
    if (!parsed.hasVocabulary) {
      throw parsed.wrong("the model has no \"vocab\"");
    }
    parsed.announce();
    return parsed;
  }

  /** The model's vocabulary; the added tokens are not in it yet. */
  TokenTable tokens() {
    return tokens;
  }

  List<AddedToken> addedTokens() {
    return List.copyOf(addedTokens);
  }

  /** Whether ids are decoded by joining the bytes that their tokens spell. */
  boolean isByteLevel() {
    return byteLevel;
  }

  /** The file as it stands. */
  String text() {
    return new String(json, StandardCharsets.UTF_8);
  }

  /** The same file with another list of added tokens. */
  String withAddedTokens(List<AddedToken> replacement) {
    ArrayNode array = MAPPER.createArrayNode();
    for (AddedToken token : replacement) {
      array
          .addObject()
          .put("id", 0) // The native library gives ids by order and reads this one only to warn.
          .put("content", token.content())
          .put("single_word", token.singleWord())
          .put("lstrip", token.lstrip())
          .put("rstrip", token.rstrip())
          .put("normalized", token.normalized())
          .put("special", token.special());
    }
    String list = addedEnd > addedBegin ? array.toString() : "\"added_tokens\":" + array + ",";
    return new StringBuilder(text()).replace(addedBegin, addedEnd, list).toString();
  }

  private void readRoot(JsonParser parser) throws IOException {
    if (parser.nextToken() != JsonToken.START_OBJECT) {
      throw wrong("expected a JSON object");
    }
    addedBegin = addedEnd = (int) parser.currentLocation().getCharOffset();
    while (parser.nextToken() == JsonToken.FIELD_NAME) {
      String key = parser.currentName();
      parser.nextToken();
      switch (key) {
        case "added_tokens" -> readAddedTokens(parser);
        case "decoder" -> byteLevel = isByteLevel(checked(tree(parser)));
        case "normalizer", "pre_tokenizer", "post_processor" -> checked(tree(parser));
        case "model" -> readModel(parser);
        default -> parser.skipChildren();
      }
      seen.add(key);
    }
    if (parser.nextToken() != null) {
      throw wrong("text after the JSON object");
    }
    @Nullable String prefix = subwordPrefix;
    if (hasMerges && prefix != null && !prefix.isEmpty()) {
      checkMergePrefix(prefix);
    }
  }

  private void announceEarly() {
    if (subwordPrefix != null && subwordPrefix.isEmpty() && seen.containsAll(PIPELINE)) {
      announce();
    }
  }

  private void announce() {
    if (!announced) {
      announced = true;
      whenPipelineIsKnown.accept(this);
    }
  }

  private void readAddedTokens(JsonParser parser) throws IOException {
    addedBegin = (int) parser.currentTokenLocation().getCharOffset();
    JsonNode array = tree(parser);
    addedEnd = (int) parser.currentLocation().getCharOffset();
    if (!array.isArray() && !array.isNull()) {
      throw wrong("\"added_tokens\" is not a list");
    }
    for (JsonNode token : array) {
      JsonNode content = token.path("content");
      if (!content.isTextual()) {
        throw wrong("an added token has no \"content\": " + token);
      }
      addedTokens.add(
          new AddedToken(
              content.textValue(),
              token.path("special").asBoolean(),
              token.path("single_word").asBoolean(),
              token.path("lstrip").asBoolean(),
              token.path("rstrip").asBoolean(),
              token.path("normalized").asBoolean()));
    }
  }

  private void readModel(JsonParser parser) throws IOException {
    if (parser.currentToken() != JsonToken.START_OBJECT) {
      throw wrong("\"model\" is not an object");
    }
    hasModel = true;
    while (parser.nextToken() == JsonToken.FIELD_NAME) {
      String key = parser.currentName();
      JsonToken value = parser.nextToken();
      if (key.equals("continuing_subword_prefix") && value.isScalarValue()) {
        subwordPrefix = value == JsonToken.VALUE_STRING ? parser.getText() : "";
      } else if (!key.equals("vocab")) {
        hasMerges |= key.equals("merges");
        parser.skipChildren();
      } else if (value == JsonToken.START_OBJECT) {
        announceEarly();
        readVocabulary(parser);
      } else if (value == JsonToken.START_ARRAY) {
        readScoredVocabulary(parser);
      } else {
        throw wrong("\"vocab\" is neither an object nor a list");
      }
    }
  }

  private void readVocabulary(JsonParser parser) throws IOException {
    hasVocabulary = true;
    while (parser.nextToken() == JsonToken.FIELD_NAME) {
      String token = parser.currentName();
      JsonToken value = parser.nextToken();
      if (value != JsonToken.VALUE_NUMBER_INT) {
        throw wrong(
            "the id of token \"%s\" is not an integer: %s".formatted(token, parser.getText()));
      }
      long id =
          parser.getNumberType() == JsonParser.NumberType.BIG_INTEGER ? -1 : parser.getLongValue();
      if (id < 0 || id > TokenTable.MAX_ID) {
        throw wrong(
            "the id of token \"%s\" is out of range: %s".formatted(token, parser.getText()));
      }
      tokens.put(token, (int) id);
    }
  }

  /** The vocabulary of a unigram model: pairs of token and score, ids by order. */
  private void readScoredVocabulary(JsonParser parser) throws IOException {
    hasVocabulary = true;
    int id = 0;
    while (parser.nextToken() == JsonToken.START_ARRAY) {
      if (parser.nextToken() != JsonToken.VALUE_STRING) {
        throw wrong("entry %d of \"vocab\" is not a pair of token and score".formatted(id));
      }
      tokens.put(parser.getText(), id++);
      while (parser.nextToken() != JsonToken.END_ARRAY) {
        parser.skipChildren();
      }
    }
    if (parser.currentToken() != JsonToken.END_ARRAY) {
      throw wrong("entry %d of \"vocab\" is not a pair of token and score".formatted(id));
    }
  }

  private static JsonNode tree(JsonParser parser) throws IOException {
    return MAPPER.readTree(parser);
  }

  private static boolean isByteLevel(JsonNode decoder) {
    JsonNode chain = decoder.path("decoders");
    return typeOf(decoder).equals("ByteLevel")
        || (typeOf(decoder).equals("Sequence") && chain.size() == 1 && isByteLevel(chain.get(0)));
  }

  private static String typeOf(JsonNode node) {
    return node.path("type").asText("");
  }

  private JsonNode checked(JsonNode part) throws IOException {
    @Nullable String problem = PipelineCheck.problem(part);
    if (problem != null) {
      throw wrong(problem);
    }
    return part;
  }

  private void checkMergePrefix(String prefix) throws IOException {
    JsonNode model = MAPPER.readTree(json).path("model");
    if (!PipelineCheck.carryPrefix(model.path("merges"), prefix)) {
      throw wrong(
          "a merge's second part lacks the continuing_subword_prefix \"%s\"".formatted(prefix));
    }
  }

  private IOException wrong(String what) {
    return new IOException(name + ": not a usable tokenizer: " + what);
  }
}
