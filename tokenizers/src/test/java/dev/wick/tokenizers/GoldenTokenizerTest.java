package dev.wick.tokenizers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.wick.engine.model.Tokenizer.StreamDecoder;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;

/**
 * Encodings and decodings that Python's tokenizers computed, read from a folder named by a property
 * (the whole set runs in the parity module).
 */
class GoldenTokenizerTest {
  private static final ObjectMapper JSON = new ObjectMapper();

  @TestFactory
  @EnabledIfSystemProperty(named = "wick.goldens", matches = ".+")
  Stream<DynamicTest> goldens() throws IOException {
    Path root = Path.of(System.getProperty("wick.goldens")).resolve("tokenizer");
    List<Path> folders;
    try (Stream<Path> all = Files.walk(root)) {
      folders =
          all.filter(path -> path.endsWith("cases.json"))
              .map(Path::getParent)
              .filter(folder -> Files.exists(folder.resolve("tokenizer.json")))
              .sorted()
              .toList();
    }
    return folders.stream()
        .flatMap(
            folder -> {
              try {
                return cases(
                    root.relativize(folder).toString(),
                    HuggingFaceTokenizer.load(folder),
                    folder.resolve("cases.json"));
              } catch (IOException e) {
                throw new AssertionError(e);
              }
            });
  }

  @TestFactory
  @EnabledIfSystemProperty(named = "wick.realTokenizer", matches = ".+")
  Stream<DynamicTest> realVocabulary() throws IOException {
    Path folder = Path.of(System.getProperty("wick.realTokenizer"));
    byte[] json;
    try (InputStream in =
        new GZIPInputStream(Files.newInputStream(folder.resolve("tokenizer.json.gz")))) {
      json = in.readAllBytes();
    }
    return cases(
        "real",
        HuggingFaceTokenizer.of("real", json, TokenizerConfig.load(folder)),
        folder.resolve("cases.json"));
  }

  @TestFactory
  @EnabledIfSystemProperty(named = "wick.goldens", matches = ".+")
  Stream<DynamicTest> badInput() throws IOException {
    Path root = Path.of(System.getProperty("wick.goldens")).resolve("bad-input");
    List<DynamicTest> tests = new ArrayList<>();
    for (JsonNode c : JSON.readTree(root.resolve("manifest.json").toFile()).get("cases")) {
      if (!c.get("kind").asText().equals("tokenizer")) {
        continue;
      }
      Path file = root.resolve(c.get("path").asText());
      tests.add(
          dynamicTest(
              c.get("name").asText(),
              () -> {
                if (c.get("expect").asText().equals("reject")) {
                  assertThatThrownBy(() -> HuggingFaceTokenizer.load(file))
                      .isInstanceOf(IOException.class)
                      .hasMessageContaining(file.toString());
                } else {
                  HuggingFaceTokenizer.load(file).close();
                }
              }));
    }
    return tests.stream();
  }

  private static Stream<DynamicTest> cases(String name, HuggingFaceTokenizer tokenizer, Path file)
      throws IOException {
    JsonNode cases = JSON.readTree(file.toFile());
    List<DynamicTest> tests = new ArrayList<>();
    int index = 0;
    for (JsonNode c : cases.path("cases")) {
      tests.add(dynamicTest(name + " text " + index++, () -> checkText(tokenizer, c)));
    }
    index = 0;
    for (JsonNode c : cases.path("id_sequences")) {
      tests.add(dynamicTest(name + " ids " + index++, () -> checkIds(tokenizer, c)));
    }
    return tests.stream();
  }

  private static void checkText(HuggingFaceTokenizer tokenizer, JsonNode c) {
    String text = c.get("text").textValue();
    int[] ids = ints(c.get("ids"));

    assertThat(tokenizer.encode(text)).isEqualTo(ids);
    Encoding encoding = tokenizer.encodeWithOffsets(text);
    assertThat(encoding.ids()).isEqualTo(ids);
    for (int i = 0; i < ids.length; i++) {
      assertThat(List.of(encoding.start(i), encoding.end(i)))
          .isEqualTo(
              List.of(
                  c.get("offsets").get(i).get(0).asInt(), c.get("offsets").get(i).get(1).asInt()));
    }
    assertThat(tokenizer.decode(ids, false)).isEqualTo(c.get("decoded").textValue());
    if (c.has("decoded_skip_special")) {
      assertThat(tokenizer.decode(ids, true)).isEqualTo(c.get("decoded_skip_special").textValue());
    }
    if (c.has("pieces")) {
      checkPieces(tokenizer, ids, false, c.get("pieces"), c.path("tail").asText(""));
      assertThat(tokenizer.encode(text, EncodeOption.SPECIAL_TOKENS_AS_TEXT))
          .isEqualTo(c.has("ids_split_special") ? ints(c.get("ids_split_special")) : ids);
    }
    if (c.has("ids_add_special_false")) {
      assertThat(tokenizer.encode(text, EncodeOption.ADD_NOTHING))
          .isEqualTo(ints(c.get("ids_add_special_false")));
    }
  }

  private static void checkIds(HuggingFaceTokenizer tokenizer, JsonNode c) {
    int[] ids = ints(c.get("ids"));

    assertThat(tokenizer.decode(ids, false)).isEqualTo(c.get("decoded").textValue());
    assertThat(tokenizer.decode(ids, true)).isEqualTo(c.get("decoded_skip_special").textValue());
    checkPieces(tokenizer, ids, false, c.get("pieces"), c.get("tail").textValue());
    checkPieces(
        tokenizer, ids, true, c.get("pieces_skip_special"), c.get("tail_skip_special").textValue());
  }

  private static void checkPieces(
      HuggingFaceTokenizer tokenizer, int[] ids, boolean skip, JsonNode pieces, String tail) {
    StreamDecoder decoder = tokenizer.newStreamDecoder(skip);
    for (int i = 0; i < ids.length; i++) {
      assertThat(decoder.next(ids[i])).as("piece %d", i).isEqualTo(pieces.get(i).textValue());
    }
    assertThat(decoder.finish()).as("tail").isEqualTo(tail);
  }

  private static int[] ints(JsonNode array) {
    int[] ints = new int[array.size()];
    for (int i = 0; i < ints.length; i++) {
      ints[i] = array.get(i).asInt();
    }
    return ints;
  }
}
