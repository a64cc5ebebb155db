package dev.wick.tokenizers;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.wick.engine.model.Tokenizer.StreamDecoder;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class StreamDecoderTest {
  private static List<String> pieces(HuggingFaceTokenizer tokenizer, boolean skip, int... ids) {
    StreamDecoder decoder = tokenizer.newStreamDecoder(skip);
    List<String> pieces = new ArrayList<>();
    for (int id : ids) {
      pieces.add(decoder.next(id));
    }
    pieces.add(decoder.finish());
    return pieces;
  }

  private static int[] bytes(int... bytes) {
    int[] ids = new int[bytes.length];
    for (int i = 0; i < ids.length; i++) {
      ids[i] = SmallTokenizer.idOfByte(bytes[i]);
    }
    return ids;
  }

  @Test
  void next_characterOfFourTokens_comesWithTheLast() throws IOException {
    try (HuggingFaceTokenizer tokenizer = SmallTokenizer.of(SmallTokenizer.json())) {
      assertThat(pieces(tokenizer, false, bytes(0xF0, 0x9F, 0x98, 0x80)))
          .containsExactly("", "", "", "😀", "");
    }
  }

  @Test
  void next_brokenCharacter_isReplacedWhenItIsKnownToBeBroken() throws IOException {
    try (HuggingFaceTokenizer tokenizer = SmallTokenizer.of(SmallTokenizer.json())) {
      assertThat(pieces(tokenizer, false, bytes(0xE4, 0xBD, 'a', 0x80)))
          .containsExactly("", "", "\uFFFDa", "\uFFFD", "");
      assertThat(pieces(tokenizer, false, bytes(0xE4, 0xE4)))
          .containsExactly("", "\uFFFD", "\uFFFD");
      assertThat(pieces(tokenizer, false, bytes(0xF4, 0xB5)))
          .containsExactly("", "\uFFFD\uFFFD", "");
    }
  }

  @Test
  void next_halfOfASurrogate_waitsForOneMoreByte() throws IOException {
    try (HuggingFaceTokenizer tokenizer = SmallTokenizer.of(SmallTokenizer.json())) {
      // Python 3: codecs.getincrementaldecoder('utf-8')('replace')
      assertThat(pieces(tokenizer, false, bytes(0xED, 0xA0, 0x80)))
          .containsExactly("", "", "\uFFFD\uFFFD\uFFFD", "");
      assertThat(pieces(tokenizer, false, bytes(0xED, 0xBF, 'a')))
          .containsExactly("", "", "\uFFFD\uFFFDa", "");
      assertThat(pieces(tokenizer, false, bytes(0xED, 0xA0)))
          .containsExactly("", "", "\uFFFD\uFFFD");
    }
  }

  @Test
  void next_specialToken_isSkippedOrBreaksACharacter() throws IOException {
    try (HuggingFaceTokenizer tokenizer = SmallTokenizer.of(SmallTokenizer.json())) {
      int[] e = bytes(0xC3, 0xA9);

      assertThat(pieces(tokenizer, true, e[0], SmallTokenizer.END, e[1]))
          .containsExactly("", "", "é", "");
      assertThat(pieces(tokenizer, false, e[0], SmallTokenizer.END, e[1]))
          .containsExactly("", "\uFFFD<|end|>", "\uFFFD", "");
      assertThat(pieces(tokenizer, true, SmallTokenizer.THINK)).containsExactly("<think>", "");
    }
  }

  @Test
  void next_idOutsideTheVocabulary_isNothing() throws IOException {
    try (HuggingFaceTokenizer tokenizer = SmallTokenizer.of(SmallTokenizer.json())) {
      int[] e = bytes(0xC3, 0xA9);

      assertThat(pieces(tokenizer, false, e[0], 5000, -1, e[1]))
          .containsExactly("", "", "", "é", "");
    }
  }

  @Test
  void finish_decoder_canBeUsedAgain() throws IOException {
    try (HuggingFaceTokenizer tokenizer = SmallTokenizer.of(SmallTokenizer.json())) {
      StreamDecoder decoder = tokenizer.newStreamDecoder(false);
      decoder.next(SmallTokenizer.idOfByte(0xE4));

      assertThat(decoder.finish()).isEqualTo("\uFFFD");
      assertThat(decoder.next(SmallTokenizer.HELLO)).isEqualTo("hello");
      assertThat(decoder.finish()).isEmpty();
    }
  }

  @Test
  void next_randomIds_joinToTheTextThatTheLibraryDecodes() throws IOException {
    long seed = System.nanoTime();
    Random random = new Random(seed);
    String json = SmallTokenizer.json().toString();
    try (HuggingFaceTokenizer tokenizer = SmallTokenizer.of(SmallTokenizer.json());
        NativeTokenizer library = NativeTokenizer.parse("small", json)) {
      for (int round = 0; round < 500; round++) {
        int[] ids = random.ints(random.nextInt(30), 0, SmallTokenizer.START + 3).toArray();
        boolean skip = random.nextBoolean();

        assertThat(String.join("", pieces(tokenizer, skip, ids)))
            .as("seed %d, round %d", seed, round)
            .isEqualTo(tokenizer.decode(ids, skip))
            .isEqualTo(library.decode(Arrays.stream(ids).asLongStream().toArray(), skip));
      }
    }
  }

  @Test
  void next_otherDecoderKind_keepsSpacesAndWholeCharacters() throws IOException {
    try (HuggingFaceTokenizer tokenizer = SmallTokenizer.of(metaspace())) {
      int[] ids = {0, 1, 2, 3, 4, 1, 5};

      assertThat(pieces(tokenizer, false, ids))
          .containsExactly("Hi", " you", "", "é", "!", " you", "", "\uFFFD");
      assertThat(tokenizer.decode(ids, false)).isEqualTo("Hi youé! you\uFFFD");
    }
  }

  /** A vocabulary with byte fallback, as sentencepiece models have it. */
  private static ObjectNode metaspace() throws IOException {
    return (ObjectNode)
        SmallTokenizer.JSON.readTree(
            """
            {"version": "1.0", "added_tokens": [], "normalizer": null,
             "pre_tokenizer": {"type": "Metaspace", "replacement": "▁", "prepend_scheme": "always"},
             "post_processor": null,
             "decoder": {"type": "Sequence", "decoders": [
               {"type": "Replace", "pattern": {"String": "▁"}, "content": " "},
               {"type": "ByteFallback"}, {"type": "Fuse"},
               {"type": "Strip", "content": " ", "start": 1, "stop": 0}]},
             "model": {"type": "BPE", "byte_fallback": true, "vocab":
               {"▁Hi": 0, "▁you": 1, "<0xC3>": 2, "<0xA9>": 3, "!": 4, "<0xE4>": 5}, "merges": []}}
            """);
  }
}
