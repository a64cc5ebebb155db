package dev.wick.cli;

import static dev.wick.cli.Invocation.MODEL;
import static dev.wick.cli.Invocation.TINY;
import static dev.wick.cli.Invocation.wick;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.wick.formats.file.MappedFile;
import dev.wick.formats.safetensors.SafetensorsFile;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PerplexityCommandTest {
  private static final int WINDOW = 16;
  private static final int VOCABULARY = 336;

  @TempDir Path folder;

  private Path text() throws IOException {
    return Files.writeString(
        folder.resolve("text.txt"), "The quick brown fox jumps over the lazy dog. ".repeat(4));
  }

  @Test
  void perplexity_ofAText_isTheMeanLossOfTheSecondHalfOfEachWindow() throws IOException {
    Path text = text();
    Invocation ids =
        wick("tokenize", "-m", MODEL, "--ids", "--text", Files.readString(text).strip() + " ");

    Invocation invocation =
        wick(
            "perplexity",
            "-m",
            MODEL,
            "--text",
            text.toString(),
            "--window",
            "16",
            "--chunks",
            "2",
            "--json");

    assertThat(invocation.code()).as(invocation.err()).isZero();
    JsonNode json = new ObjectMapper().readTree(invocation.out());
    int[] tokens =
        Arrays.stream(ids.out().strip().split("[\\s,]+")).mapToInt(Integer::parseInt).toArray();
    double[] losses =
        IntStream.of(0, WINDOW)
            .mapToObj(begin -> losses(tokens, begin))
            .flatMapToDouble(Arrays::stream)
            .toArray();
    double mean = Arrays.stream(losses).average().orElseThrow();
    double squares = Arrays.stream(losses).map(loss -> loss * loss).average().orElseThrow();
    double error = Math.sqrt((squares - mean * mean) / (losses.length - 1)) * Math.exp(mean);
    assertThat(losses).hasSize(14);
    assertThat(json.get("tokens").asInt()).isEqualTo(14);
    assertThat(json.get("perplexity").asDouble())
        .isCloseTo(Math.exp(mean), within(1e-3 * Math.exp(mean)));
    assertThat(json.get("error").asDouble()).isCloseTo(error, within(1e-3 * error));
  }

  /** From the logits of a window that is run on its own. */
  private double[] losses(int[] tokens, int begin) {
    Path file = folder.resolve("logits-" + begin + ".safetensors");
    String window =
        IntStream.range(begin, begin + WINDOW)
            .mapToObj(i -> Integer.toString(tokens[i]))
            .collect(Collectors.joining(","));
    Invocation invocation = wick("logits", "-m", MODEL, "--tokens", window, "-o", file.toString());
    assertThat(invocation.code()).as(invocation.err()).isZero();
    try (MappedFile<?> logits = SafetensorsFile.open(file)) {
      float[] values = logits.data("logits").toArray(ValueLayout.JAVA_FLOAT_UNALIGNED);
      double[] losses = new double[WINDOW / 2 - 1];
      for (int i = 0; i < losses.length; i++) {
        int row = (WINDOW / 2 + i) * VOCABULARY;
        double sum = 0;
        for (int j = 0; j < VOCABULARY; j++) {
          sum += Math.exp(values[row + j]);
        }
        losses[i] = Math.log(sum) - values[row + tokens[begin + WINDOW / 2 + i + 1]];
      }
      return losses;
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void perplexity_ofAGgufFile_isPrinted() throws IOException {
    String file = folder.resolve("m.gguf").toString();
    wick("quantize", "-m", MODEL, "-t", "q8_0", "-o", file);

    Invocation invocation =
        wick("perplexity", "-m", file, "--text", text().toString(), "--window", "16");

    assertThat(invocation.code()).as(invocation.err()).isZero();
    assertThat(invocation.out())
        .containsPattern("^perplexity \\d+\\.\\d{4} \\+/- \\d+\\.\\d{5} over \\d+ tokens in");
  }

  @ParameterizedTest
  @ValueSource(strings = {"q4", "q4_0", "Q8", "q8_0"})
  void quantize_byAnyName_changesTheWeights(String type) throws IOException {
    String text = text().toString();
    String[] plain = {"perplexity", "-m", MODEL, "--text", text, "--window", "16"};

    Invocation stored = wick(plain);
    Invocation quantized = wick(append(plain, "--quantize", type));

    assertThat(quantized.code()).as(quantized.err()).isZero();
    assertThat(quantized.out()).startsWith("perplexity").isNotEqualTo(stored.out());
  }

  @Test
  void quantize_toAnUnknownType_namesTheKnownOnes() throws IOException {
    Invocation invocation =
        wick("perplexity", "-m", MODEL, "--text", text().toString(), "--quantize", "q3");

    assertThat(invocation.code()).isEqualTo(2);
    assertThat(invocation.err()).contains("--quantize: expected q8_0, ").contains("got q3");
  }

  @Test
  void quantize_whatStaysAsItIs_isSaidOnce() throws IOException {
    String text = text().toString();
    String file = folder.resolve("m.gguf").toString();
    wick("quantize", "-m", MODEL, "-t", "q8_0", "-o", file);

    assertThat(log(() -> wick("perplexity", "-m", MODEL, "--text", text, "--quantize", "q4")))
        .containsOnlyOnce("of width 144 are kept in F32, as Q4_0 takes multiples of 32");
    assertThat(log(() -> wick("perplexity", "-m", file, "--text", text, "--quantize", "q4")))
        .containsOnlyOnce("are quantised already and stay as they are, in Q8_0 and not Q4_0");
  }

  private static String log(Runnable action) {
    PrintStream previous = System.err;
    ByteArrayOutputStream err = new ByteArrayOutputStream();
    System.setErr(new PrintStream(err, true, StandardCharsets.UTF_8));
    try {
      action.run();
    } finally {
      System.setErr(previous);
    }
    return err.toString(StandardCharsets.UTF_8);
  }

  private static String[] append(String[] arguments, String... more) {
    return Stream.concat(Arrays.stream(arguments), Arrays.stream(more)).toArray(String[]::new);
  }

  @Test
  void perplexity_ofWeightsThatAreNotFinite_isAnError() throws IOException {
    Path file = folder.resolve("m.gguf");
    wick("quantize", "-m", MODEL, "-t", "f32", "-o", file.toString());
    byte[] bytes = Files.readAllBytes(file);
    Arrays.fill(bytes, bytes.length - 4096, bytes.length, (byte) 0xff); // NaN in the last tensors
    Files.write(file, bytes);

    Invocation invocation =
        wick("perplexity", "-m", file.toString(), "--text", text().toString(), "--window", "16");

    assertThat(invocation.code()).isEqualTo(1);
    assertThat(invocation.err()).contains(file + ": expected finite logits in window 1, got NaN");
  }

  @ParameterizedTest
  @ValueSource(ints = {3, 513})
  void perplexity_windowThatIsNone_isAMistake(int window) throws IOException {
    Invocation invocation =
        wick("perplexity", "-m", MODEL, "--text", text().toString(), "--window", "" + window);

    assertThat(invocation.code()).isEqualTo(2);
    assertThat(invocation.err())
        .contains("--window: expected 4 to 512 tokens")
        .contains("" + window);
  }

  @Test
  void perplexity_ofAFolder_isAMistake() {
    Invocation invocation = wick("perplexity", "-m", MODEL, "--text", folder.toString());

    assertThat(invocation.code()).isEqualTo(1);
    assertThat(invocation.err()).contains(folder + ": expected a text file, got a folder");
  }

  @Test
  void perplexity_ofTooShortAText_saysHowLongItMustBe() throws IOException {
    Path text = Files.writeString(folder.resolve("short.txt"), "Hello");

    Invocation invocation =
        wick("perplexity", "-m", MODEL, "--text", text.toString(), "--window", "16");

    assertThat(invocation.code()).isEqualTo(2);
    assertThat(invocation.err()).contains("--text: expected at least 32 tokens, two windows");
  }

  @Test
  void perplexity_packedCache_isNearlyThatOfOneInF32() throws IOException {
    Path story =
        Files.writeString(
            folder.resolve("story.txt"),
            "Once upon a time there was a fox who lived in the forest. The owl eats mice. "
                .repeat(8));
    String[] plain = {
      "perplexity", "-m", TINY, "--text", story.toString(), "--window", "64", "--json"
    };
    String[] packed = Arrays.copyOf(plain, plain.length + 2);
    packed[plain.length] = "--kv-cache";
    packed[plain.length + 1] = "q8_0";

    double expected = value(wick(plain));
    double actual = value(wick(packed));

    assertThat(actual).isNotEqualTo(expected).isCloseTo(expected, within(5e-3 * expected));
  }

  private static double value(Invocation invocation) throws IOException {
    assertThat(invocation.code()).as(invocation.err()).isZero();
    return new ObjectMapper().readTree(invocation.out()).get("perplexity").asDouble();
  }
}
