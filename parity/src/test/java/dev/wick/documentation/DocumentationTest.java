package dev.wick.documentation;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;

/**
 * Runs what the documentation tells a reader to run; {@link CodeBlock} says how a block is marked.
 */
class DocumentationTest {
  /** The root of the repository; tests run in the folder of their own module. */
  private static final Path ROOT = Path.of("").toAbsolutePath().getParent();

  private static final Path README = ROOT.resolve("README.md");
  private static final Pattern LINK = Pattern.compile("\\]\\(([^)#\\s]*)[^)]*\\)");
  private static final int MINUTES = 5;

  @TempDir Path folder;

  private static List<Path> pages() throws IOException {
    List<Path> pages = new ArrayList<>();
    for (Path folder : List.of(ROOT, ROOT.resolve("docs"))) {
      if (Files.isDirectory(folder)) {
        try (Stream<Path> files = Files.list(folder)) {
          files.filter(file -> file.toString().endsWith(".md")).sorted().forEach(pages::add);
        }
      }
    }
    return pages;
  }

  private static List<CodeBlock> blocks() throws IOException {
    List<CodeBlock> blocks = new ArrayList<>();
    for (Path page : pages()) {
      blocks.addAll(CodeBlock.in(page));
    }
    return blocks;
  }

  @Test
  void readme_shellBlocks_areRunOrSayWhyNot() throws IOException {
    List<CodeBlock> shell =
        CodeBlock.in(README).stream().filter(block -> block.language().equals("sh")).toList();

    assertThat(shell).as("sh blocks of the README").anyMatch(CodeBlock::isRun);
    assertThat(shell)
        .as("sh blocks of the README")
        .allMatch(block -> block.isRun() || block.isLeftOut());
  }

  @TestFactory
  List<DynamicTest> commands_asDocumented_doWhatThePageSays() throws IOException {
    List<CodeBlock> blocks = blocks();
    List<DynamicTest> tests = new ArrayList<>();
    for (int i = 0; i < blocks.size(); i++) {
      CodeBlock block = blocks.get(i);
      if (block.isRun()) {
        CodeBlock next = i + 1 < blocks.size() ? blocks.get(i + 1) : block;
        boolean shown = next.isOutput() && next.file().equals(block.file());
        tests.add(
            DynamicTest.dynamicTest(
                block.toString(), () -> run(block, shown ? next.lines() : List.of())));
      }
    }
    return tests;
  }

  @TestFactory
  List<DynamicTest> excerpts_always_standInTheFileTheyName() throws IOException {
    return blocks().stream()
        .filter(CodeBlock::isSource)
        .map(
            block ->
                DynamicTest.dynamicTest(
                    block.toString(),
                    () ->
                        assertThat(
                                withoutIndentation(
                                    Files.readAllLines(ROOT.resolve(block.sourcePath()))))
                            .as("%s against %s", block, block.sourcePath())
                            .contains(withoutIndentation(block.lines()))))
        .toList();
  }

  @TestFactory
  List<DynamicTest> links_toFiles_leadSomewhere() throws IOException {
    List<Path> pages = new ArrayList<>(pages());
    pages.add(ROOT.resolve("docs/adr/README.md"));
    List<DynamicTest> tests = new ArrayList<>();
    for (Path page : pages) {
      for (String target : linkTargets(Files.readString(page))) {
        tests.add(
            DynamicTest.dynamicTest(
                ROOT.relativize(page) + " to " + target,
                () -> assertThat(page.resolveSibling(target)).exists()));
      }
    }
    return tests;
  }

  /** What the Markdown links of a text point to in this repository, without the part after #. */
  private static List<String> linkTargets(String text) {
    return LINK.matcher(text)
        .results()
        .map(link -> link.group(1))
        .filter(target -> !target.contains(":") && !target.isEmpty())
        .toList();
  }

  @Test
  void outputPattern_ellipsis_standsForAnyText() {
    Pattern pattern = outputPattern(List.of("cpu  ... GiB", "...", "end"));

    assertThat("before\ncpu  24 GiB\na\nb\nend\nafter").containsPattern(pattern);
    assertThat("cpu 24 GiB\nend").doesNotContainPattern(pattern);
    assertThat("cpu  24\nGiB\nx\nend").doesNotContainPattern(pattern);
  }

  /** Lines with {@code ...} for any text within a line, or as a line of its own for any lines. */
  private static Pattern outputPattern(List<String> lines) {
    StringBuilder pattern = new StringBuilder("(?m)");
    for (String line : lines) {
      if (line.strip().equals("...")) {
        pattern.append("(?:.*\\R)*?");
      } else {
        pattern
            .append('^')
            .append(
                Stream.of(line.stripTrailing().split("\\.\\.\\.", -1))
                    .map(Pattern::quote)
                    .collect(Collectors.joining(".*")))
            .append("\\s*?(?:\\R|\\z)");
      }
    }
    return Pattern.compile(pattern.toString());
  }

  private static String withoutIndentation(List<String> lines) {
    return lines.stream()
        .map(String::strip)
        .filter(line -> !line.isEmpty())
        .collect(Collectors.joining("\n"));
  }

  private void run(CodeBlock block, List<String> expectedOutput)
      throws IOException, InterruptedException {
    Path output = folder.resolve("output");
    Path errors = folder.resolve("errors");

    Process shell =
        new ProcessBuilder("sh", "-eu", "-c", block.text())
            .directory(ROOT.toFile())
            .redirectInput(ProcessBuilder.Redirect.from(Path.of("/dev/null").toFile()))
            .redirectOutput(output.toFile())
            .redirectError(errors.toFile())
            .start();
    boolean ended = shell.waitFor(MINUTES, TimeUnit.MINUTES);
    if (!ended) {
      shell.descendants().forEach(ProcessHandle::destroyForcibly);
      shell.destroyForcibly();
    }

    String said = "%s%n%s%n%s".formatted(block, Files.readString(output), Files.readString(errors));
    assertThat(ended).as("ends within %d minutes: %s", MINUTES, said).isTrue();
    assertThat(shell.exitValue()).as(said).isEqualTo(block.expectedExit());
    if (!expectedOutput.isEmpty()) {
      assertThat(Files.readString(output)).as(said).containsPattern(outputPattern(expectedOutput));
    }
  }
}
