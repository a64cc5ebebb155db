package dev.wick.tokenizers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import org.junit.jupiter.api.Test;

/** Files that the native library accepts and would end the process over. */
class PipelineCheckTest {
  private static void assertRefused(String part, String value, String message) throws IOException {
    ObjectNode json = SmallTokenizer.json();
    json.set(part, SmallTokenizer.JSON.readTree(value));
    assertThatThrownBy(() -> SmallTokenizer.of(json))
        .isInstanceOf(IOException.class)
        .hasMessageStartingWith("small: not a usable tokenizer: ")
        .hasMessageContaining(message);
  }

  @Test
  void template_tokenThatIsNotDefined_isRefused() throws IOException {
    String template =
        """
        {"type": "Sequence", "processors": [
          {"type": "TemplateProcessing", "pair": [], "special_tokens": %s,
           "single": [{"SpecialToken": {"id": "<gone>", "type_id": 0}}]}]}
        """;

    assertRefused("post_processor", template.formatted("{}"), "undefined token \"<gone>\"");
    assertRefused(
        "post_processor",
        template.formatted("{\"<gone>\": {\"id\": \"<gone>\", \"ids\": [1], \"tokens\": []}}"),
        "not as many ids as tokens");
  }

  @Test
  void replace_emptyMatch_isRefused() throws IOException {
    String replace = "{\"type\": \"Replace\", \"pattern\": {\"%s\": \"%s\"}, \"content\": \"%s\"}";

    assertRefused("normalizer", replace.formatted("String", "", "x"), "matches empty text");
    assertRefused("normalizer", replace.formatted("String", "", ""), "matches empty text");
    assertRefused("normalizer", replace.formatted("Regex", "x*", "yy"), "matches empty text");
    assertRefused(
        "normalizer",
        "{\"type\": \"Sequence\", \"normalizers\": [%s]}"
            .formatted(replace.formatted("Regex", "^", "yy")),
        "matches empty text");
  }

  @Test
  void replace_textThatIsThere_works() throws IOException {
    ObjectNode json = SmallTokenizer.json();
    json.set(
        "normalizer",
        SmallTokenizer.JSON.readTree(
            "{\"type\": \"Replace\", \"pattern\": {\"Regex\": \" +\"}, \"content\": \"_\"}"));
    try (HuggingFaceTokenizer tokenizer = SmallTokenizer.of(json)) {
      assertThat(tokenizer.decode(tokenizer.encode("a  b"), false)).isEqualTo("a_b");
    }
  }

  @Test
  void fixedLength_zero_isRefused() throws IOException {
    assertRefused(
        "pre_tokenizer",
        "{\"type\": \"FixedLength\", \"length\": 0}",
        "FixedLength has the length 0");
  }

  @Test
  void merges_withoutTheSubwordPrefix_areRefused() {
    ObjectNode json = SmallTokenizer.json();
    ((ObjectNode) json.get("model")).put("continuing_subword_prefix", "##");

    assertThatThrownBy(() -> SmallTokenizer.of(json))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("lacks the continuing_subword_prefix \"##\"");
  }

  @Test
  void precompiled_damagedMap_isRefused() throws IOException {
    String precompiled = "{\"type\": \"Precompiled\", \"precompiled_charsmap\": \"%s\"}";

    assertRefused("normalizer", precompiled.formatted("!"), "not base64");
    assertRefused("normalizer", precompiled.formatted("////"), "damaged");
    assertRefused("normalizer", precompiled.formatted(charsMap(0, 400)), "damaged");
    assertRefused("normalizer", precompiled.formatted(charsMap(1 << 20, 0)), "damaged");
    assertRefused("normalizer", precompiled.formatted(charsMap(1 << 30, 0)), "damaged");
  }

  @Test
  void precompiled_soundMap_isApplied() throws IOException {
    ObjectNode json = SmallTokenizer.json();
    json.putObject("normalizer")
        .put("type", "Precompiled")
        .put("precompiled_charsmap", charsMap(0, 0));
    try (HuggingFaceTokenizer tokenizer = SmallTokenizer.of(json)) {
      assertThat(tokenizer.decode(tokenizer.encode("hallo"), false)).isEqualTo("hbllo");
    }
  }

  /** A trie of 512 units that maps "a" to "b"; the arguments damage it. */
  private static String charsMap(int rootDamage, int valueDamage) {
    int node = 0x100;
    int unit = node ^ 'a';
    int leaf = unit ^ 3;
    ByteBuffer map = ByteBuffer.allocate(4 + 4 * 512 + 2).order(ByteOrder.LITTLE_ENDIAN);
    map.putInt(0, 4 * 512);
    map.putInt(4, (node << 10) ^ rootDamage);
    map.putInt(4 + 4 * unit, (3 << 10) | (1 << 8) | 'a');
    map.putInt(4 + 4 * leaf, 0x80000000 | valueDamage);
    map.put(4 + 4 * 512, "b\0".getBytes(StandardCharsets.UTF_8));
    return Base64.getEncoder().encodeToString(map.array());
  }
}
