package dev.wick.cli;

import static dev.wick.cli.Invocation.MODEL;
import static dev.wick.cli.Invocation.golden;
import static dev.wick.cli.Invocation.wick;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.wick.formats.file.MappedFile;
import dev.wick.formats.safetensors.SafetensorsFile;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LogitsCommandTest {
  private static final double TOLERANCE = 1e-4;

  @TempDir private Path folder;

  /** Expected values by transformers 5.18; see parity/goldens/README.md. */
  @Test
  void logits_ofGoldenTokens_areThoseOfTheReference() throws IOException {
    Path out = folder.resolve("logits.safetensors");
    try (MappedFile<?> expected = SafetensorsFile.open(golden("expected/qwen3-tied.safetensors"))) {
      String ids =
          Arrays.stream(longs(expected, "p1.input_ids"))
              .mapToObj(Long::toString)
              .collect(Collectors.joining(","));

      Invocation invocation = wick("logits", "-m", MODEL, "--tokens", ids, "-o", out.toString());

      assertThat(invocation.code()).as(invocation.err()).isZero();
      try (MappedFile<?> actual = SafetensorsFile.open(out)) {
        assertThat(actual.find("logits")).isEqualTo(expected.find("p1.logits"));
        assertThat(actual.find("input_ids").orElseThrow())
            .hasToString("I32[" + ids.split(",").length + "]");
        float[] wanted = expected.data("p1.logits").toArray(ValueLayout.JAVA_FLOAT_UNALIGNED);
        float[] got = actual.data("logits").toArray(ValueLayout.JAVA_FLOAT_UNALIGNED);
        for (int i = 0; i < wanted.length; i++) {
          assertThat(got[i]).as("element %d", i).isCloseTo(wanted[i], within((float) TOLERANCE));
        }
      }
    }
  }

  private static long[] longs(MappedFile<?> file, String name) throws IOException {
    MemorySegment data = file.data(name);
    return file.find(name).orElseThrow().dtype().name().equals("I64")
        ? data.toArray(ValueLayout.JAVA_LONG_UNALIGNED)
        : Arrays.stream(data.toArray(ValueLayout.JAVA_INT_UNALIGNED)).asLongStream().toArray();
  }

  @Test
  void logits_ofText_areThoseOfItsTokens() throws IOException {
    Path byText = folder.resolve("a.safetensors");
    Path byTokens = folder.resolve("b.safetensors");
    String ids = wick("tokenize", "-m", MODEL, "--text", "Hello world", "--ids").out().strip();

    wick("logits", "-m", MODEL, "--text", "Hello world", "-o", byText.toString());
    wick("logits", "-m", MODEL, "--tokens", ids, "-o", byTokens.toString());

    assertThat(byText).hasSameBinaryContentAs(byTokens);
  }

  @Test
  void logits_unknownToken_leavesNoFile() {
    Path out = folder.resolve("none.safetensors");

    Invocation invocation = wick("logits", "-m", MODEL, "--tokens", "1,999", "-o", out.toString());

    assertThat(invocation.code()).isEqualTo(1);
    assertThat(invocation.err()).contains("expected token ids in 0..335, got 999");
    assertThat(Files.exists(out)).isFalse();
  }

  @Test
  void logits_beyondContext_saysHowLong() {
    Invocation invocation =
        wick("logits", "-m", MODEL, "--tokens", "1" + ",1".repeat(8), "--context", "8", "-o", "x");

    assertThat(invocation.code()).isEqualTo(1);
    assertThat(invocation.err()).contains("expected 1 to 8 tokens").contains("got 9");
  }

  @Test
  void logits_outIntoMissingFolder_namesIt() {
    Path out = folder.resolve("missing").resolve("x.safetensors");

    Invocation invocation = wick("logits", "-m", MODEL, "--tokens", "1", "-o", out.toString());

    assertThat(invocation.code()).isEqualTo(1);
    assertThat(invocation.err()).contains(out.getParent().toString());
  }

  @Test
  void logits_neitherTokensNorText_isAUsageError() {
    Invocation invocation = wick("logits", "-m", MODEL, "-o", "x.safetensors");

    assertThat(invocation.code()).isEqualTo(2);
    assertThat(invocation.err()).contains("expected one of --tokens and --text, got none");
  }

  @Test
  void logits_wordInTokens_isAUsageError() {
    Invocation invocation = wick("logits", "-m", MODEL, "--tokens", "1,x", "-o", "x.safetensors");

    assertThat(invocation.code()).isEqualTo(2);
    assertThat(invocation.err()).contains("--tokens").contains("'x' is not an int");
  }
}
