package dev.wick.examples.tiny;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;

/**
 * Learns a tokenizer from text: byte-pair encoding over bytes (Sennrich et al. 2016,
 * arXiv:1508.07909), cut into words as Qwen's tokenizers do.
 */
final class ByteLevelBpe {
  private static final String WORDS =
      "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}"
          + "| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";
  private static final String[] SPECIALS = {"<|endoftext|>", "<|im_start|>", "<|im_end|>"};

  private final Map<String, Integer> vocabulary = new LinkedHashMap<>();
  private final List<String[]> merges = new ArrayList<>();

  private ByteLevelBpe() {}

  /** Learns from texts until the vocabulary, special tokens included, has a size. */
  static ByteLevelBpe learn(Iterable<String> texts, int vocabSize) {
    ByteLevelBpe bpe = new ByteLevelBpe();
    for (int b = 0; b < 256; b++) {
      bpe.vocabulary.put(letter(b), b);
    }
    Map<List<String>, Integer> words = count(texts);
    while (bpe.vocabulary.size() < vocabSize - SPECIALS.length) {
      List<String> pair = mostFrequentPair(words);
      if (pair.isEmpty()) {
        break;
      }
      String joined = pair.get(0) + pair.get(1);
      bpe.merges.add(new String[] {pair.get(0), pair.get(1)});
      bpe.vocabulary.put(joined, bpe.vocabulary.size());
      words = merge(words, pair);
    }
    return bpe;
  }

  /** Number of tokens, special ones included. */
  int vocabSize() {
    return vocabulary.size() + SPECIALS.length;
  }

  /** Id of a special token: 0 ends a text, 1 begins a message, 2 ends one. */
  int special(int index) {
    return vocabulary.size() + index;
  }

  /** Writes {@code tokenizer.json}. */
  void save(Path file) throws IOException {
    ObjectMapper json = new ObjectMapper();
    ObjectNode root = json.createObjectNode();
    root.put("version", "1.0").putNull("truncation").putNull("padding");
    ArrayNode added = root.putArray("added_tokens");
    for (int i = 0; i < SPECIALS.length; i++) {
      added
          .addObject()
          .put("id", special(i))
          .put("content", SPECIALS[i])
          .put("single_word", false)
          .put("lstrip", false)
          .put("rstrip", false)
          .put("normalized", false)
          .put("special", true);
    }
    root.putObject("normalizer").put("type", "NFC");
    ObjectNode cutter = root.putObject("pre_tokenizer").put("type", "Sequence");
    ArrayNode cutters = cutter.putArray("pretokenizers");
    ObjectNode split = cutters.addObject().put("type", "Split");
    split.putObject("pattern").put("Regex", WORDS);
    split.put("behavior", "Isolated").put("invert", false);
    cutters.add(byteLevel(json));
    root.set("post_processor", byteLevel(json));
    root.set("decoder", byteLevel(json));
    ObjectNode model = root.putObject("model").put("type", "BPE");
    model.putNull("dropout").putNull("unk_token").put("byte_fallback", false);
    ObjectNode ids = model.putObject("vocab");
    vocabulary.forEach(ids::put);
    ArrayNode pairs = model.putArray("merges");
    merges.forEach(pair -> pairs.addArray().add(pair[0]).add(pair[1]));
    json.writeValue(file.toFile(), root);
  }

  private static ObjectNode byteLevel(ObjectMapper json) {
    return json.createObjectNode()
        .put("type", "ByteLevel")
        .put("add_prefix_space", false)
        .put("trim_offsets", false)
        .put("use_regex", false);
  }

  private static Map<List<String>, Integer> count(Iterable<String> texts) {
    Map<List<String>, Integer> words = new LinkedHashMap<>();
    Pattern pattern = Pattern.compile(WORDS);
    for (String text : texts) {
      pattern
          .matcher(text)
          .results()
          .forEach(word -> words.merge(letters(word.group()), 1, Integer::sum));
    }
    return words;
  }

  /** The most frequent pair of neighbours, of equals the first in the alphabet. */
  private static List<String> mostFrequentPair(Map<List<String>, Integer> words) {
    Map<List<String>, Integer> pairs = new HashMap<>();
    words.forEach(
        (word, count) -> {
          for (int i = 1; i < word.size(); i++) {
            pairs.merge(List.of(word.get(i - 1), word.get(i)), count, Integer::sum);
          }
        });
    return pairs.entrySet().stream()
        .max(
            Map.Entry.<List<String>, Integer>comparingByValue()
                .thenComparing(
                    entry -> String.join(" ", entry.getKey()), Comparator.reverseOrder()))
        .map(Map.Entry::getKey)
        .orElse(List.of());
  }

  private static Map<List<String>, Integer> merge(
      Map<List<String>, Integer> words, List<String> pair) {
    Map<List<String>, Integer> merged = new LinkedHashMap<>();
    words.forEach(
        (word, count) -> {
          List<String> parts = new ArrayList<>();
          for (int i = 0; i < word.size(); i++) {
            boolean here =
                i + 1 < word.size()
                    && word.get(i).equals(pair.get(0))
                    && word.get(i + 1).equals(pair.get(1));
            parts.add(here ? word.get(i) + word.get(i + 1) : word.get(i));
            i += here ? 1 : 0;
          }
          merged.merge(parts, count, Integer::sum);
        });
    return merged;
  }

  private static List<String> letters(String word) {
    List<String> letters = new ArrayList<>();
    for (byte b : word.getBytes(StandardCharsets.UTF_8)) {
      letters.add(letter(b & 0xff));
    }
    return letters;
  }

  /** The printable letter that stands for a byte, as in GPT-2's vocabulary. */
  private static String letter(int b) {
    boolean printable = (b >= '!' && b <= '~') || (b >= 0xa1 && b <= 0xac) || b >= 0xae;
    if (printable) {
      return String.valueOf((char) b);
    }
    int index = b <= ' ' ? b : b <= 0xa0 ? b - 0x7f + 33 : 67;
    return String.valueOf((char) (0x100 + index));
  }
}
