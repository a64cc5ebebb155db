package dev.wick.parity;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.wick.engine.model.Tokenizer;
import dev.wick.formats.gguf.GgufWriter;
import dev.wick.tokenizers.EncodeOption;
import dev.wick.tokenizers.Encoding;
import dev.wick.tokenizers.GgufTokenizerWriter;
import dev.wick.tokenizers.HuggingFaceTokenizer;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;

/** Encodings, offsets, decodings and streamed pieces of every tokenizer against the reference. */
class TokenizerParityTest {
  private static final int MAX_VOCABULARY = 151_936;

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

  /** The same cases by way of a GGUF file, of the tokenizers that one can express. */
  @TestFactory
  List<DynamicTest> ggufTokenizers() throws IOException {
    List<DynamicTest> tests = new ArrayList<>();
    Path root = Goldens.folder().resolve("tokenizer");
    for (String name : List.of("micro", "small", "large", "q35")) {
      Path folder = root.resolve(name);
      Path file = temporary.resolve(name + ".gguf");
      tests.addAll(ggufTests(name, folder, file, folder.resolve("cases.json")));
    }
    Path real = unpackedRealTokenizer(temporary);
    Path file = temporary.resolve("real.gguf");
    tests.addAll(ggufTests("real", real, file, Goldens.realTokenizer().resolve("cases.json")));
    return tests;
  }

  /** GGUF has tokens such as {@code <|fim_prefix|>} as control tokens, whatever their flag says. */
  private static List<DynamicTest> ggufTests(String name, Path folder, Path file, Path cases)
      throws IOException {
    HuggingFaceTokenizer original = HuggingFaceTokenizer.load(folder);
    HuggingFaceTokenizer tokenizer = HuggingFaceTokenizer.load(gguf(folder, file));
    return tests(
        "gguf " + name,
        tokenizer,
        cases,
        ids -> IntStream.of(ids).allMatch(id -> tokenizer.isSpecial(id) == original.isSpecial(id)));
  }

  private static Path gguf(Path folder, Path file) throws IOException {
    GgufWriter writer = new GgufWriter().metadata("general.architecture", "qwen2");
    GgufTokenizerWriter.write(folder, MAX_VOCABULARY, Map.of(), writer);
    writer.write(file);
    return file;
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
    return tests(name, HuggingFaceTokenizer.load(folder), file, ids -> true);
  }

  /** The cases of a file; what is special is compared where all tokens are alike in that. */
  private static List<DynamicTest> tests(
      String name, HuggingFaceTokenizer tokenizer, Path file, Predicate<int[]> alike) {
    JsonNode golden = Goldens.json(file);
    CaseCount count = new CaseCount("tokenizer " + name);
    int index = 0;
    for (JsonNode one : golden.path("cases")) {
      count.add("%s text %d".formatted(name, index++), () -> text(tokenizer, one, alike));
    }
    index = 0;
    for (JsonNode one : golden.path("id_sequences")) {
      count.add("%s ids %d".formatted(name, index++), () -> idSequence(tokenizer, one, alike));
    }
    return count.tests(golden.path("cases").size() + golden.path("id_sequences").size());
  }

  private static void text(
      HuggingFaceTokenizer tokenizer, JsonNode golden, Predicate<int[]> alike) {
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
    if (golden.has("ids_split_special") && alike.test(ids)) {
      assertThat(tokenizer.encode(text, EncodeOption.SPECIAL_TOKENS_AS_TEXT))
          .isEqualTo(ints(golden.get("ids_split_special")));
    }
    decoded(tokenizer, golden, ids, false, "");
    if (alike.test(ids)) {
      decoded(tokenizer, golden, ids, true, "_skip_special");
    }
  }

  private static void idSequence(
      HuggingFaceTokenizer tokenizer, JsonNode golden, Predicate<int[]> alike) {
    int[] ids = ints(golden.get("ids"));
    decoded(tokenizer, golden, ids, false, "");
    if (alike.test(ids)) {
      decoded(tokenizer, golden, ids, true, "_skip_special");
    }
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
