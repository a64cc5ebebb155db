package dev.wick.tokenizers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class HuggingFaceTokenizerTest {
  @Test
  void encode_specialTokensInText_areRecognised() throws IOException {
    try (HuggingFaceTokenizer tokenizer = SmallTokenizer.of(SmallTokenizer.json())) {
      int[] ids = tokenizer.encode("<|start|>hello<think><|end|>");

      assertThat(ids)
          .containsExactly(
              SmallTokenizer.START, SmallTokenizer.HELLO, SmallTokenizer.THINK, SmallTokenizer.END);
    }
  }

  @Test
  void encode_specialTokensAsText_keepsOnlyAddedTokensThatAreNotSpecial() throws IOException {
    try (HuggingFaceTokenizer tokenizer = SmallTokenizer.of(SmallTokenizer.json())) {
      String text = "<|start|>hello<think><|end|>";

      int[] ids = tokenizer.encode(text, EncodeOption.SPECIAL_TOKENS_AS_TEXT);

      assertThat(ids)
          .contains(SmallTokenizer.HELLO, SmallTokenizer.THINK)
          .doesNotContain(SmallTokenizer.START, SmallTokenizer.END);
      assertThat(tokenizer.decode(ids, true)).isEqualTo(text);
    }
  }

  @Test
  void encode_addNothing_leavesOutThePostProcessorsToken() throws IOException {
    ObjectNode json = SmallTokenizer.json();
    json.set(
        "post_processor",
        SmallTokenizer.JSON.readTree(
            """
            {"type": "TemplateProcessing",
             "single": [{"Sequence": {"id": "A", "type_id": 0}},
                        {"SpecialToken": {"id": "<|end|>", "type_id": 0}}],
             "pair": [],
             "special_tokens": {"<|end|>": {"id": "<|end|>", "ids": [260], "tokens": ["<|end|>"]}}}
            """));
    try (HuggingFaceTokenizer tokenizer = SmallTokenizer.of(json)) {
      assertThat(tokenizer.encode("hello"))
          .containsExactly(SmallTokenizer.HELLO, SmallTokenizer.END);
      assertThat(tokenizer.encode("hello", EncodeOption.ADD_NOTHING))
          .containsExactly(SmallTokenizer.HELLO);
      Encoding encoding = tokenizer.encodeWithOffsets("hello");
      assertThat(encoding.end(0)).isEqualTo(5);
      assertThat(encoding.start(1)).isZero();
      assertThat(encoding.end(1)).isZero();
    }
  }

  @Test
  void encodeWithOffsets_charactersOutsideTheBasicPlane_countOnce() throws IOException {
    try (HuggingFaceTokenizer tokenizer = SmallTokenizer.of(SmallTokenizer.json())) {
      Encoding encoding = tokenizer.encodeWithOffsets("😀hello");

      assertThat(encoding.size()).isEqualTo(5);
      assertThat(encoding.start(3)).isZero();
      assertThat(encoding.end(3)).isEqualTo(1);
      assertThat(encoding.id(4)).isEqualTo(SmallTokenizer.HELLO);
      assertThat(encoding.start(4)).isEqualTo(1);
      assertThat(encoding.end(4)).isEqualTo(6);
    }
  }

  @Test
  void encode_unpairedSurrogate_becomesTheReplacementCharacter() throws IOException {
    try (HuggingFaceTokenizer tokenizer = SmallTokenizer.of(SmallTokenizer.json())) {
      Encoding encoding = tokenizer.encodeWithOffsets("a\uD83Dhello\uDE00");

      assertThat(tokenizer.decode(encoding.ids(), false)).isEqualTo("a\uFFFDhello\uFFFD");
      assertThat(encoding.end(encoding.size() - 1)).isEqualTo(8);
    }
  }

  @Test
  void encode_nulAndEmptyText_areOrdinary() throws IOException {
    try (HuggingFaceTokenizer tokenizer = SmallTokenizer.of(SmallTokenizer.json())) {
      assertThat(tokenizer.encode("")).isEmpty();
      assertThat(tokenizer.decode(tokenizer.encode("a\0b"), false)).isEqualTo("a\0b");
    }
  }

  @Test
  void encode_tooMuchWhiteSpaceInARow_isRefused() throws IOException {
    try (HuggingFaceTokenizer tokenizer = SmallTokenizer.of(SmallTokenizer.json())) {
      String longest = " ".repeat(NativeText.MAX_WHITE_SPACE_RUN);

      assertThatThrownBy(() -> tokenizer.encode("a" + longest + "\u3000b"))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("at most 1000000 white-space characters");
    }
  }

  @Test
  void encode_randomTexts_comeBack() throws IOException {
    long seed = System.nanoTime();
    Random random = new Random(seed);
    try (HuggingFaceTokenizer tokenizer = SmallTokenizer.of(SmallTokenizer.json())) {
      for (int round = 0; round < 300; round++) {
        String text =
            random
                .ints(random.nextInt(40), 0, Character.MAX_CODE_POINT + 1)
                .map(c -> random.nextBoolean() ? c % 128 : c)
                .filter(c -> c < Character.MIN_SURROGATE || c > Character.MAX_SURROGATE)
                .collect(StringBuilder::new, StringBuilder::appendCodePoint, StringBuilder::append)
                .toString();

        assertThat(tokenizer.decode(tokenizer.encode(text), false))
            .as("seed %d, round %d", seed, round)
            .isEqualTo(text);
      }
    }
  }

  @Test
  void decode_idsOutsideTheVocabulary_areSkipped() throws IOException {
    try (HuggingFaceTokenizer tokenizer = SmallTokenizer.of(SmallTokenizer.json())) {
      int[] ids = {SmallTokenizer.HE, 99_999, -1, Integer.MAX_VALUE, SmallTokenizer.LL};

      assertThat(tokenizer.decode(ids, false)).isEqualTo("hell");
    }
  }

  @Test
  void vocabSize_addedTokens_areCounted() throws IOException {
    try (HuggingFaceTokenizer tokenizer = SmallTokenizer.of(SmallTokenizer.json())) {
      assertThat(tokenizer.vocabSize()).isEqualTo(263);
      assertThat(tokenizer.id("<|start|>")).hasValue(SmallTokenizer.START);
      assertThat(tokenizer.token(SmallTokenizer.HELL)).hasValue("hell");
      assertThat(tokenizer.id("nothing")).isEmpty();
      assertThat(tokenizer.token(263)).isEmpty();
      assertThat(tokenizer.isSpecial(SmallTokenizer.END)).isTrue();
      assertThat(tokenizer.isSpecial(SmallTokenizer.THINK)).isFalse();
      assertThat(tokenizer.isSpecial(-5)).isFalse();
    }
  }

  @Test
  void load_configAddsTokensAndMakesOneSpecial_asTransformersDoes(@TempDir Path folder)
      throws IOException {
    SmallTokenizer.write(folder, "tokenizer.json", SmallTokenizer.json());
    ObjectNode config = SmallTokenizer.JSON.createObjectNode().put("eos_token", "<|end|>");
    config.putObject("pad_token").put("content", "<|pad|>");
    ObjectNode added = config.putObject("added_tokens_decoder");
    added.putObject("261").put("content", "<think>").put("special", true);
    added.putObject("263").put("content", "<extra>").put("special", false);
    SmallTokenizer.write(folder, "tokenizer_config.json", config);
    try (HuggingFaceTokenizer tokenizer = HuggingFaceTokenizer.load(folder)) {
      assertThat(tokenizer.isSpecial(SmallTokenizer.THINK)).isTrue();
      assertThat(tokenizer.encode("<extra>hello<|pad|>"))
          .containsExactly(263, SmallTokenizer.HELLO, 264);
      assertThat(tokenizer.isSpecial(263)).isFalse();
      assertThat(tokenizer.isSpecial(264)).isTrue();
      assertThat(tokenizer.encode("<extra>", EncodeOption.SPECIAL_TOKENS_AS_TEXT))
          .containsExactly(263);
      assertThat(tokenizer.config().specialTokens())
          .containsEntry("eos_token", "<|end|>")
          .containsEntry("pad_token", "<|pad|>")
          .doesNotContainKey("bos_token");
    }
  }

  @Test
  void encode_truncationInTheFile_isNotApplied() throws IOException {
    ObjectNode json = SmallTokenizer.json();
    json.putObject("truncation")
        .put("direction", "Right")
        .put("max_length", 2)
        .put("strategy", "LongestFirst")
        .put("stride", 5);
    try (HuggingFaceTokenizer tokenizer = SmallTokenizer.of(json)) {
      assertThat(tokenizer.encode("abcdef")).hasSize(6);
    }
  }

  @Test
  void load_folderWithoutTokenizer_namesFolderAndFile(@TempDir Path folder) {
    assertThatThrownBy(() -> HuggingFaceTokenizer.load(folder))
        .isInstanceOf(IOException.class)
        .hasMessageContaining(folder.toString())
        .hasMessageContaining("tokenizer.json");
  }

  @Test
  void load_damagedFile_namesTheFile(@TempDir Path folder) throws IOException {
    Path file = folder.resolve("tokenizer.json");
    Files.writeString(file, "{\"model\": ");

    assertThatThrownBy(() -> HuggingFaceTokenizer.load(folder))
        .isInstanceOf(IOException.class)
        .hasMessageStartingWith(file + ": not valid JSON");
  }

  @Test
  void of_unusableFiles_sayWhatIsWrong() throws IOException {
    ObjectNode noModel = SmallTokenizer.json();
    noModel.remove("model");
    ObjectNode textId = SmallTokenizer.json();
    ((ObjectNode) textId.at("/model/vocab")).put("he", "256");
    ObjectNode hugeId = SmallTokenizer.json();
    ((ObjectNode) hugeId.at("/model/vocab")).put("he", 4_000_000_000L);
    ObjectNode unknownModel = SmallTokenizer.json();
    ((ObjectNode) unknownModel.get("model")).put("type", "Magic");
    ObjectNode badMerge = SmallTokenizer.json();
    ((ObjectNode) badMerge.get("model")).putArray("merges").add("x yz");

    assertRefused(noModel, "no \"model\"");
    assertRefused(textId, "the id of token \"he\" is not an integer");
    assertRefused(hugeId, "the id of token \"he\" is out of range");
    assertRefused(unknownModel, "small: not a usable tokenizer");
    assertRefused(badMerge, "small: not a usable tokenizer");
  }

  private static void assertRefused(ObjectNode json, String message) {
    assertThatThrownBy(() -> SmallTokenizer.of(json))
        .isInstanceOf(IOException.class)
        .hasMessageStartingWith("small: ")
        .hasMessageContaining(message);
  }

  @Test
  void of_textInsteadOfJson_isRefused() {
    byte[] text = "not json".getBytes(StandardCharsets.UTF_8);

    assertThatThrownBy(() -> HuggingFaceTokenizer.of("x", text, TokenizerConfig.empty()))
        .isInstanceOf(IOException.class)
        .hasMessageStartingWith("x: not valid JSON");
  }

  @Test
  void close_thenEncode_isRefusedAndDecodingGoesOn() throws IOException {
    HuggingFaceTokenizer tokenizer = SmallTokenizer.of(SmallTokenizer.json());
    tokenizer.close();
    tokenizer.close();

    assertThatThrownBy(() -> tokenizer.encode("a"))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("closed");
    assertThatThrownBy(() -> tokenizer.encode("a", EncodeOption.SPECIAL_TOKENS_AS_TEXT))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("closed");
    assertThat(tokenizer.decode(new int[] {SmallTokenizer.HELLO}, false)).isEqualTo("hello");
  }

  @Test
  void encode_manyThreads_agree() throws Exception {
    try (HuggingFaceTokenizer tokenizer = SmallTokenizer.of(SmallTokenizer.json());
        ExecutorService pool = Executors.newFixedThreadPool(4)) {
      int[] expected = tokenizer.encode("hello <|end|> hello");
      int[] plain = tokenizer.encode("<|end|>", EncodeOption.SPECIAL_TOKENS_AS_TEXT);
      Callable<Boolean> task =
          () -> {
            for (int i = 0; i < 500; i++) {
              assertThat(tokenizer.encode("hello <|end|> hello")).isEqualTo(expected);
              assertThat(tokenizer.encode("<|end|>", EncodeOption.SPECIAL_TOKENS_AS_TEXT))
                  .isEqualTo(plain);
            }
            return true;
          };
      List<Future<Boolean>> results = new ArrayList<>();
      for (int i = 0; i < 4; i++) {
        results.add(pool.submit(task));
      }

      for (Future<Boolean> result : results) {
        assertThat(result.get()).isTrue();
      }
    }
  }
}
