package dev.wick.parity;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.wick.engine.model.Tokenizer;
import dev.wick.tokenizers.EncodeOption;
import dev.wick.tokenizers.Encoding;
import dev.wick.tokenizers.HuggingFaceTokenizer;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;

/** Encodings, offsets, decodings and streamed pieces of every tokenizer against the reference. */
class TokenizerParityTest {
  @TempDir Path temporary;

  @TestFactory
  List<DynamicTest> tokenizers() throws IOException {
    List<DynamicTest> tests = new ArrayList<>();
    Path root = Goldens.folder().resolve("tokenizer");
    try (Stream<Path> files = Files.walk(root)) {
      for (Path cases : files.filter(file -> file.endsWith("cases.json")).sorted().toList()) {
        Path folder = cases.getParent();
        if (Files.exists(folder.resolve("tokenizer.json"))) {
          tests.addAll(tests(root.relativize(folder).toString(), folder, cases));
        }
      }
    }
    return tests;
  }

  @TestFactory
  List<DynamicTest> realTokenizer() throws IOException {
    Path folder = unpackedRealTokenizer(temporary);
    return tests("real tokenizer", folder, Goldens.realTokenizer().resolve("cases.json"));
  }

  /** The full-size tokenizer, which is stored compressed, as a folder. */
  static Path unpackedRealTokenizer(Path target) throws IOException {
    Path source = Goldens.realTokenizer();
    try (InputStream json =
        new GZIPInputStream(Files.newInputStream(source.resolve("tokenizer.json.gz")))) {
      Files.write(target.resolve("tokenizer.json"), json.readAllBytes());
    }
    Files.write(
        target.resolve("tokenizer_config.json"),
        Files.readAllBytes(source.resolve("tokenizer_config.json")));
    return target;
  }

  private static List<DynamicTest> tests(String name, Path folder, Path file) throws IOException {
    JsonNode golden = Goldens.json(file);
    HuggingFaceTokenizer tokenizer = HuggingFaceTokenizer.load(folder);
    CaseCount count = new CaseCount("tokenizer " + name);
    int index = 0;
    for (JsonNode one : golden.path("cases")) {
      count.add("%s text %d".formatted(name, index++), () -> text(tokenizer, one));
    }
    index = 0;
    for (JsonNode one : golden.path("id_sequences")) {
      count.add("%s ids %d".formatted(name, index++), () -> idSequence(tokenizer, one));
    }
    return count.tests(golden.path("cases").size() + golden.path("id_sequences").size());
  }

  private static void text(HuggingFaceTokenizer tokenizer, JsonNode golden) {
    String text = golden.get("text").asText();
    int[] ids = ints(golden.get("ids"));

    Encoding encoding = tokenizer.encodeWithOffsets(text);

    assertThat(encoding.ids()).isEqualTo(ids);
    assertThat(tokenizer.encode(text)).isEqualTo(ids);
    if (golden.has("offsets")) {
      List<List<Integer>> offsets =
          IntStream.range(0, encoding.size())
              .mapToObj(i -> List.of(encoding.start(i), encoding.end(i)))
              .toList();
      List<List<Integer>> expected = new ArrayList<>();
      golden
          .get("offsets")
          .forEach(pair -> expected.add(List.of(pair.get(0).asInt(), pair.get(1).asInt())));
      assertThat(offsets).isEqualTo(expected);
    }
    if (golden.has("ids_split_special")) {
      assertThat(tokenizer.encode(text, EncodeOption.SPECIAL_TOKENS_AS_TEXT))
          .isEqualTo(ints(golden.get("ids_split_special")));
    }
    decoded(tokenizer, golden, ids, false, "");
    decoded(tokenizer, golden, ids, true, "_skip_special");
  }

  private static void idSequence(HuggingFaceTokenizer tokenizer, JsonNode golden) {
    int[] ids = ints(golden.get("ids"));
    decoded(tokenizer, golden, ids, false, "");
    decoded(tokenizer, golden, ids, true, "_skip_special");
  }

  private static void decoded(
      Tokenizer tokenizer, JsonNode golden, int[] ids, boolean skipSpecial, String suffix) {
    if (golden.has("decoded" + suffix)) {
      assertThat(tokenizer.decode(ids, skipSpecial))
          .isEqualTo(golden.get("decoded" + suffix).asText());
    }
    if (golden.has("pieces" + suffix)) {
      Tokenizer.StreamDecoder decoder = tokenizer.newStreamDecoder(skipSpecial);
      List<String> pieces = IntStream.of(ids).mapToObj(decoder::next).toList();
      List<String> expected = new ArrayList<>();
      golden.get("pieces" + suffix).forEach(piece -> expected.add(piece.asText()));
      assertThat(pieces).isEqualTo(expected);
      assertThat(decoder.finish()).isEqualTo(golden.path("tail" + suffix).asText(""));
    }
  }

  static int[] ints(JsonNode array) {
    return IntStream.range(0, array.size()).map(i -> array.get(i).asInt()).toArray();
  }
}
