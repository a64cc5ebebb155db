package dev.wick.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.File;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.spi.ToolProvider;
import java.util.stream.Stream;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A runtime image of the engine, the cpu backend and a program of one class. Nothing requires a
 * backend, nor {@code jdk.incubator.vector}: both are named as roots of the image, or they are not
 * in it. The second is not resolved by default either, and wants {@code --add-modules} when the
 * image runs.
 */
class ImageTest {
  private static final Path ROOT = Path.of("").toAbsolutePath().getParent();
  private static final String BACKEND = "dev.wick.backend.cpu";
  private static final int SECONDS = 60;

  @TempDir static Path folder;

  private static Path program;

  /** Without packaged modules, a JDK links images only if it was built to link from itself. */
  @BeforeAll
  static void findOutWhetherThisJdkLinks() {
    boolean packaged = Files.isDirectory(Path.of(System.getProperty("java.home"), "jmods"));
    assumeTrue(
        packaged || runTool("jlink", Stream.of("--help")).contains("run-time image enabled"),
        "this JDK has no packaged modules and does not link from its run-time image");
  }

  @BeforeAll
  static void compileProgram() throws Exception {
    program = folder.resolve("program");
    Path sources = Path.of("src/test/resources/image").toAbsolutePath();
    try (Stream<Path> files = Files.walk(sources)) {
      List<String> names =
          files.map(Path::toString).filter(name -> name.endsWith(".java")).toList();
      runTool(
          "javac",
          Stream.concat(
              Stream.of(
                  "-d",
                  program.toString(),
                  "--module-path",
                  classes("engine-api") + File.pathSeparator + jarOf(NullMarked.class)),
              names.stream()));
    }
  }

  @Test
  void image_withTheBackendAsARoot_listsAndOpensItsDevice() throws Exception {
    Ran ran = run(complete(), "cpu", "--add-modules", "jdk.incubator.vector");

    assertThat(ran.exit()).as(ran.said()).isZero();
    assertThat(ran.said().lines())
        .contains("device cpu:0", "opened cpu:0", "module jdk.incubator.vector")
        .filteredOn(line -> line.startsWith("module dev.wick."))
        .containsExactly("module " + BACKEND, "module dev.wick.engine", "module dev.wick.smoke");
  }

  @Test
  void image_withTheVectorModuleUnresolved_stillOpensTheDevice() throws Exception {
    Ran ran = run(complete(), "cpu");

    assertThat(ran.exit()).as(ran.said()).isZero();
    assertThat(ran.said().lines())
        .contains("opened cpu:0")
        .doesNotContain("module jdk.incubator.vector");
  }

  @Test
  void image_withoutABackend_saysSo() throws Exception {
    Path image = link("empty", "dev.wick.engine");

    Ran ran = run(image, "auto");

    assertThat(ran.exit()).as(ran.said()).isNotZero();
    assertThat(ran.said()).contains("NoBackendException").doesNotContain("device cpu");
  }

  private static Path jarOf(Class<?> type) throws URISyntaxException {
    return Path.of(type.getProtectionDomain().getCodeSource().getLocation().toURI());
  }

  private static String classes(String module) {
    return ROOT.resolve(module).resolve("target/classes").toString();
  }

  /** The image with the backend and the vector module, linked once. */
  private static Path complete() {
    Path image = folder.resolve("complete");
    return Files.exists(image) ? image : link("complete", BACKEND + ",jdk.incubator.vector");
  }

  private static Path link(String name, String roots) {
    Path image = folder.resolve(name);
    String path =
        String.join(
            File.pathSeparator, program.toString(), classes("engine-api"), classes("backend-cpu"));
    runTool(
        "jlink",
        Stream.of(
            "--module-path",
            path,
            "--add-modules",
            "dev.wick.smoke," + roots,
            "--add-options",
            " --enable-native-access=" + BACKEND,
            "--output",
            image.toString()));
    return image;
  }

  private static String runTool(String name, Stream<String> arguments) {
    StringWriter said = new StringWriter();
    PrintWriter writer = new PrintWriter(said);
    int exit =
        ToolProvider.findFirst(name)
            .orElseThrow()
            .run(writer, writer, arguments.toArray(String[]::new));

    assertThat(exit).as("%s: %s", name, said).isZero();
    return said.toString();
  }

  private static Ran run(Path image, String device, String... options)
      throws IOException, InterruptedException {
    Path said = folder.resolve("said");
    Process java =
        new ProcessBuilder(
                Stream.of(
                        Stream.of(image.resolve("bin/java").toString()),
                        Stream.of(options),
                        Stream.of("--module", "dev.wick.smoke/dev.wick.smoke.Main", device))
                    .flatMap(words -> words)
                    .toList())
            .redirectErrorStream(true)
            .redirectOutput(said.toFile())
            .start();
    boolean ended = java.waitFor(SECONDS, TimeUnit.SECONDS);
    if (!ended) {
      java.destroyForcibly();
    }
    assertThat(ended).as("ends within %d s: %s", SECONDS, Files.readString(said)).isTrue();
    return new Ran(java.exitValue(), Files.readString(said));
  }

  private record Ran(int exit, String said) {}
}
