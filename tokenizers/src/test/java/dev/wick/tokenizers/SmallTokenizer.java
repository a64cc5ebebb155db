package dev.wick.tokenizers;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * A byte-level tokenizer of Qwen's kind in a few lines: ids 0 to 255 are the bytes in the order of
 * the printable alphabet, then a few merges, then the added tokens.
 */
public final class SmallTokenizer {
  static final ObjectMapper JSON = new ObjectMapper();

  public static final int HE = 256;
  public static final int LL = 257;
  public static final int HELL = 258;
  public static final int HELLO = 259;
  public static final int END = 260;
  public static final int THINK = 261;
  public static final int START = 262;

  private SmallTokenizer() {}

  /** The id of the token that spells one byte. */
  static int idOfByte(int b) {
    String alphabet = alphabet();
    for (int id = 0; id < 256; id++) {
      if (ByteLevelAlphabet.bytesOf(alphabet.substring(id, id + 1))[0] == (byte) b) {
        return id;
      }
    }
    throw new AssertionError(b);
  }

  private static String alphabet() {
    StringBuilder characters = new StringBuilder();
    for (int b = 0; b < 256; b++) {
      if ((b >= '!' && b <= '~') || (b >= 0xA1 && b != 0xAD)) {
        characters.append((char) b);
      }
    }
    for (int c = 0x100; characters.length() < 256; c++) {
      characters.append((char) c);
    }
    return characters.toString();
  }

  static ObjectNode json() {
    ObjectNode root = JSON.createObjectNode().put("version", "1.0");
    root.putNull("truncation").putNull("padding");
    ArrayNode added = root.putArray("added_tokens");
    added.add(added(END, "<|end|>", true));
    added.add(added(THINK, "<think>", false));
    added.add(added(START, "<|start|>", true));
    root.putNull("normalizer");
    root.putObject("pre_tokenizer")
        .put("type", "ByteLevel")
        .put("add_prefix_space", false)
        .put("trim_offsets", false)
        .put("use_regex", true);
    root.putNull("post_processor");
    root.putObject("decoder")
        .put("type", "ByteLevel")
        .put("add_prefix_space", true)
        .put("trim_offsets", true)
        .put("use_regex", true);
    ObjectNode model = root.putObject("model").put("type", "BPE");
    ObjectNode vocab = model.putObject("vocab");
    String alphabet = alphabet();
    for (int id = 0; id < 256; id++) {
      vocab.put(alphabet.substring(id, id + 1), id);
    }
    vocab.put("he", HE).put("ll", LL).put("hell", HELL).put("hello", HELLO);
    model.putArray("merges").add("h e").add("l l").add("he ll").add("hell o");
    return root;
  }

  private static ObjectNode added(int id, String content, boolean special) {
    return JSON.createObjectNode()
        .put("id", id)
        .put("content", content)
        .put("single_word", false)
        .put("lstrip", false)
        .put("rstrip", false)
        .put("normalized", false)
        .put("special", special);
  }

  public static HuggingFaceTokenizer load() throws IOException {
    return of(json());
  }

  static HuggingFaceTokenizer of(ObjectNode json) throws IOException {
    return HuggingFaceTokenizer.of("small", bytes(json), TokenizerConfig.empty());
  }

  static byte[] bytes(ObjectNode json) {
    return json.toString().getBytes(StandardCharsets.UTF_8);
  }

  static void write(Path folder, String file, ObjectNode json) throws IOException {
    Files.write(folder.resolve(file), bytes(json));
  }
}
