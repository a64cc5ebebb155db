package dev.wick.examples;

import static org.assertj.core.api.Assertions.assertThat;

import dev.wick.engine.Engine;
import dev.wick.engine.spi.DeviceInfo;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Runs every program of the package on every device that is here. */
class ExamplesTest {
  private static final Path SOURCES = Path.of("src/main/java/dev/wick/examples");
  private static final int MAX_LINES = 80;

  /** For the example that trains longest. */
  private static final String FEW_STEPS = "4";

  @TempDir Path folder;

  /** What a program printed, and its exit code. */
  private record Outcome(int exit, String output, String errors) {}

  /** The programs: the sources with a main method, besides the one that starts the others. */
  static List<String> names() throws IOException {
    try (Stream<Path> files = Files.list(SOURCES)) {
      return files
          .filter(file -> file.toString().endsWith(".java"))
          .filter(ExamplesTest::hasMain)
          .map(file -> file.getFileName().toString().replace(".java", ""))
          .filter(name -> !name.equals("Examples"))
          .sorted()
          .toList();
    }
  }

  private static boolean hasMain(Path file) {
    try {
      return Files.readString(file).contains("public static void main(");
    } catch (IOException e) {
      throw new AssertionError(file.toString(), e);
    }
  }

  private static Outcome run(String... args) {
    PrintStream output = System.out;
    PrintStream errors = System.err;
    var printed = new ByteArrayOutputStream();
    var complained = new ByteArrayOutputStream();
    System.setOut(new PrintStream(printed, true, StandardCharsets.UTF_8));
    System.setErr(new PrintStream(complained, true, StandardCharsets.UTF_8));
    try {
      int exit = Examples.run(args);
      return new Outcome(
          exit,
          printed.toString(StandardCharsets.UTF_8),
          complained.toString(StandardCharsets.UTF_8));
    } finally {
      System.setOut(output);
      System.setErr(errors);
    }
  }

  @TestFactory
  Stream<DynamicTest> example_onEveryDevice_endsWellAndPrints() throws IOException {
    List<String> devices =
        Engine.probe().stream()
            .flatMap(report -> report.devices().stream())
            .map(DeviceInfo::id)
            .filter(id -> !id.startsWith("profile:"))
            .toList();
    assertThat(devices).as("devices").contains("cpu:0");
    return names().stream()
        .flatMap(
            name ->
                devices.stream()
                    .map(
                        device ->
                            DynamicTest.dynamicTest(
                                name + " on " + device,
                                () -> {
                                  String[] args = {name, "--device", device, FEW_STEPS};
                                  int count = name.equals("Tour") ? 4 : 3;
                                  Outcome outcome = run(Arrays.copyOf(args, count));

                                  assertThat(outcome.exit()).as("%s", outcome).isZero();
                                  assertThat(outcome.output()).isNotBlank();
                                })));
  }

  @ParameterizedTest
  @MethodSource("names")
  void example_onADeviceThatIsNotThere_saysWhichOnesAre(String name) {
    Outcome outcome = run(name, "--device", "abacus");

    assertThat(outcome.exit()).isEqualTo(1);
    assertThat(outcome.errors()).startsWith(name + ": no device matches '").contains("cpu: offers");
    assertThat(outcome.errors()).contains("abacus").doesNotContain("\tat ");
  }

  @ParameterizedTest
  @MethodSource("names")
  void example_withoutAModel_saysWhatIsMissing(String name) {
    if (name.equals("PickDevice")) {
      return;
    }
    Outcome outcome = run(name, "--model", folder.toString());

    assertThat(outcome.exit()).isEqualTo(1);
    assertThat(outcome.errors())
        .startsWith(name + ": ")
        .contains(folder.toString())
        .contains("config.json")
        .doesNotContain("\tat ");
  }

  @ParameterizedTest
  @MethodSource("names")
  void example_always_isShort(String name) throws IOException {
    assertThat(Files.readAllLines(SOURCES.resolve(name + ".java"))).hasSizeLessThan(MAX_LINES);
  }

  @Test
  void run_withoutAKnownName_listsThemAll() throws IOException {
    for (String[] args : new String[][] {{}, {"Juggle"}}) {
      Outcome outcome = run(args);

      assertThat(outcome.exit()).isEqualTo(2);
      assertThat(outcome.errors()).contains("names: " + String.join(", ", names()));
    }
  }

  @Test
  void arguments_unknownOption_namesTheKnownOnes() {
    assertThat(run("Generate", "--divice", "cpu"))
        .extracting(Outcome::exit, Outcome::errors)
        .containsExactly(
            2,
            "Generate: arguments: expected --device NAME, --model FOLDER|HUB-ID or text, got"
                + " --divice\n");
  }

  @Test
  void arguments_optionWithoutValue_isRefused() {
    assertThat(run("Generate", "--device"))
        .extracting(Outcome::exit, Outcome::errors)
        .containsExactly(2, "Generate: arguments: expected a value after --device, got none\n");
  }
}
