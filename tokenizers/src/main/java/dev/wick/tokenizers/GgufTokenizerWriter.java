package dev.wick.tokenizers;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.wick.formats.gguf.GgufVocabulary;
import dev.wick.formats.gguf.GgufWriter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Writes the tokenizer of a model folder into the metadata of a GGUF file, as {@code
 * convert_hf_to_gguf.py} of llama.cpp does: tokens with their types, merges, the name of the
 * pattern that splits words, special tokens and chat templates.
 */
public final class GgufTokenizerWriter {
  private static final ObjectMapper MAPPER = new ObjectMapper();

  /** Added tokens that are control tokens whatever their flag says. */
  private static final Set<String> LOOKS_SPECIAL = Set.of("<pad>", "<mask>", "<2mass>", "[@BOS@]");

  private final Path folder;
  private final JsonNode tokenizer;
  private final TokenizerConfig config;
  private final Map<String, Integer> ids = new LinkedHashMap<>();
  private final Map<Integer, Boolean> special = new LinkedHashMap<>();
  private int size;

  private GgufTokenizerWriter(Path folder, JsonNode tokenizer, TokenizerConfig config) {
    this.folder = folder;
    this.tokenizer = tokenizer;
    this.config = config;
  }

  /**
   * Adds the tokenizer of a folder to a file that is being made.
   *
   * @param vocabSize rows of the embedding; ids that no token has are filled up
   * @param modelConfig the {@code config.json}, which has the ids of special tokens that {@code
   *     tokenizer_config.json} does not name
   * @throws IOException if the folder has no tokenizer, or one that GGUF cannot express
   */
  public static void write(
      Path folder, int vocabSize, Map<String, Object> modelConfig, GgufWriter target)
      throws IOException {
    Path file = folder.resolve("tokenizer.json");
    if (!Files.exists(file)) {
      throw new NoSuchFileException(
          folder.toString(), null, "no tokenizer.json; a GGUF file holds the tokenizer too");
    }
    JsonNode json;
    try {
      json = MAPPER.readTree(file.toFile());
    } catch (JsonProcessingException e) {
      throw new IOException(file + ": not valid JSON: " + e.getOriginalMessage(), e);
    }
    GgufTokenizerWriter writer =
        new GgufTokenizerWriter(folder, json, TokenizerConfig.load(folder));
    writer.checkModel();
    writer.readTokens(vocabSize);
    writer.writeTokens(vocabSize, target);
    writer.writeSpecialTokens(modelConfig, target);
    writer.writeTemplates(target);
  }

  private void checkModel() throws IOException {
    JsonNode model = tokenizer.path("model");
    if (!model.path("type").asText("BPE").equals("BPE") || !model.path("vocab").isObject()) {
      throw unsupported("a BPE model", model.path("type").asText("none"));
    }
    if (model.path("ignore_merges").asBoolean()) {
      throw unsupported("a model that applies its merges", "ignore_merges");
    }
    String normalizer = tokenizer.path("normalizer").path("type").asText("none");
    if (!normalizer.equals("NFC") && !normalizer.equals("none")) {
      throw unsupported("NFC or no normalizer", normalizer);
    }
  }

  private IOException unsupported(String expected, String got) {
    return new IOException(
        "%s: expected %s, which GGUF can express, got %s"
            .formatted(folder.resolve("tokenizer.json"), expected, got));
  }

  private String pattern() throws IOException {
    JsonNode splitter = tokenizer.path("pre_tokenizer");
    List<JsonNode> steps = new ArrayList<>();
    if (splitter.path("type").asText().equals("Sequence")) {
      splitter.path("pretokenizers").forEach(steps::add);
    } else {
      steps.add(splitter);
    }
    String pattern = "";
    boolean byteLevel = false;
    for (JsonNode step : steps) {
      String type = step.path("type").asText("none");
      if (type.equals("Split") && pattern.isEmpty() && !byteLevel) {
        pattern = step.path("pattern").path("Regex").asText("none");
      } else if (type.equals("ByteLevel")
          && !step.path("add_prefix_space").asBoolean(true)
          && step.path("use_regex").asBoolean(true) == pattern.isEmpty()) {
        byteLevel = true;
      } else {
        throw unsupported("a byte-level pre_tokenizer", step.toString());
      }
    }
    if (!byteLevel) {
      throw unsupported("a byte-level pre_tokenizer", splitter.toString());
    }
    Optional<String> name = GgufTokenizer.nameOf(pattern);
    if (name.isEmpty()) {
      throw unsupported("a pre_tokenizer of Qwen or GPT-2", pattern);
    }
    return name.get();
  }

  private void readTokens(int vocabSize) throws IOException {
    for (Map.Entry<String, JsonNode> token : tokenizer.path("model").path("vocab").properties()) {
      put(token.getKey(), token.getValue().asInt(-1), vocabSize);
    }
    List<AddedToken> added = new ArrayList<>();
    for (JsonNode token : tokenizer.path("added_tokens")) {
      String content = token.path("content").asText();
      put(content, token.path("id").asInt(-1), vocabSize);
      added.add(
          new AddedToken(content, token.path("special").asBoolean(), false, false, false, false));
    }
    for (AddedToken token : AddedVocabulary.merge(added, config)) {
      Integer id = ids.get(token.content());
      if (id == null) {
        id = size;
        put(token.content(), id, vocabSize);
      }
      special.put(id, token.special() || looksSpecial(token.content()));
    }
  }

  private static boolean looksSpecial(String token) {
    return LOOKS_SPECIAL.contains(token)
        || (token.startsWith("<|") && token.endsWith("|>"))
        || (token.startsWith("<｜") && token.endsWith("｜>"))
        || (token.startsWith("<unused") && token.endsWith(">"));
  }

  private void put(String token, int id, int vocabSize) throws IOException {
    if (id < 0 || id >= vocabSize) {
      throw new IOException(
          "%s: expected ids below the %d rows of the embedding, got %d for '%s'"
              .formatted(folder.resolve("tokenizer.json"), vocabSize, id, token));
    }
    ids.put(token, id);
    size = Math.max(size, id + 1);
  }

  private void writeTokens(int vocabSize, GgufWriter target) throws IOException {
    String[] tokens = new String[vocabSize];
    int[] types = new int[vocabSize];
    Arrays.fill(types, GgufTokenizer.UNUSED);
    for (int id = 0; id < vocabSize; id++) {
      tokens[id] = "[PAD" + id + "]";
    }
    ids.forEach(
        (token, id) -> {
          tokens[id] = token;
          Boolean control = special.get(id);
          types[id] =
              control == null
                  ? GgufTokenizer.NORMAL
                  : control ? GgufTokenizer.CONTROL : GgufTokenizer.USER_DEFINED;
        });
    List<String> merges = new ArrayList<>();
    for (JsonNode merge : tokenizer.path("model").path("merges")) {
      merges.add(
          merge.isArray() ? merge.path(0).asText() + " " + merge.path(1).asText() : merge.asText());
    }
    target
        .metadata(GgufVocabulary.MODEL, GgufTokenizer.BYTE_LEVEL_BPE)
        .metadata(GgufVocabulary.PRE, pattern())
        .metadata(GgufVocabulary.TOKENS, Arrays.asList(tokens))
        .metadata(GgufVocabulary.TOKEN_TYPES, types)
        .metadata(GgufVocabulary.MERGES, merges);
  }

  private void writeSpecialTokens(Map<String, Object> modelConfig, GgufWriter target)
      throws IOException {
    writeId(GgufVocabulary.EOS, "eos_token", modelConfig, target);
    writeId(GgufVocabulary.PADDING, "pad_token", modelConfig, target);
    writeId(GgufVocabulary.BOS, "bos_token", modelConfig, target);
    Path file = folder.resolve("tokenizer_config.json");
    if (Files.exists(file)) {
      JsonNode addBos = MAPPER.readTree(file.toFile()).path("add_bos_token");
      if (addBos.isBoolean()) {
        target.metadata(GgufVocabulary.ADD_BOS, addBos.booleanValue());
      }
    }
  }

  private void writeId(
      String key, String name, Map<String, Object> modelConfig, GgufWriter target) {
    String token = config.specialTokens().get(name);
    Integer id = token == null ? null : ids.get(token);
    if (id == null && modelConfig.get(name + "_id") instanceof Integer configured) {
      id = configured;
    }
    if (id != null && id >= 0 && id < size) {
      target.metadata(key, id.intValue());
    }
  }

  private void writeTemplates(GgufWriter target) throws IOException {
    Map<String, String> templates = new LinkedHashMap<>(config.chatTemplates());
    Path file = folder.resolve("chat_template.jinja");
    if (Files.exists(file)) {
      templates.put("default", Files.readString(file));
    }
    List<String> names = new ArrayList<>();
    for (Map.Entry<String, String> template : templates.entrySet()) {
      if (template.getKey().equals("default")) {
        target.metadata(GgufVocabulary.CHAT_TEMPLATE, template.getValue());
      } else {
        names.add(template.getKey());
        target.metadata(
            GgufVocabulary.CHAT_TEMPLATE + "." + template.getKey(), template.getValue());
      }
    }
    if (!names.isEmpty()) {
      target.metadata(GgufVocabulary.CHAT_TEMPLATES, names);
    }
  }
}
