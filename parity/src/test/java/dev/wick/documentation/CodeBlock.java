package dev.wick.documentation;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * A fenced block of a Markdown file, with the comment that marks it. The comment stands on the line
 * above the fence, where a reader of the rendered page does not see it:
 *
 * <ul>
 *   <li>{@code <!-- run -->}: the shell commands below are run in the root of the repository and
 *       succeed; {@code <!-- run: exit 2 -->}: they exit with that code
 *   <li>{@code <!-- output -->}: what the commands before it print, {@code ...} for any text
 *   <li>{@code <!-- source: PATH -->}: these lines stand in that file, whatever their indentation
 *   <li>{@code <!-- not run: REASON -->}: shell commands that the build leaves out
 * </ul>
 *
 * @param file Markdown file
 * @param line line of the opening fence, 1-based
 * @param marker text of the comment, empty if there is none
 * @param language word after the opening fence, may be empty
 * @param lines what stands between the fences
 */
record CodeBlock(Path file, int line, String marker, String language, List<String> lines) {
  private static final String FENCE = "```";

  CodeBlock {
    lines = List.copyOf(lines);
  }

  /**
   * The blocks of a file, in order.
   *
   * @throws IllegalArgumentException if a fence is not closed
   */
  static List<CodeBlock> in(Path file) throws IOException {
    List<CodeBlock> blocks = new ArrayList<>();
    List<String> text = Files.readAllLines(file);
    for (int i = 0; i < text.size(); i++) {
      if (!text.get(i).startsWith(FENCE)) {
        continue;
      }
      int close = i + 1;
      while (close < text.size() && !text.get(close).equals(FENCE)) {
        close++;
      }
      if (close == text.size()) {
        throw new IllegalArgumentException(
            "%s:%d: expected a closing %s, got the end of the file".formatted(file, i + 1, FENCE));
      }
      String above = i == 0 ? "" : text.get(i - 1).strip();
      String marker =
          above.startsWith("<!--") && above.endsWith("-->")
              ? above.substring(4, above.length() - 3).strip()
              : "";
      blocks.add(
          new CodeBlock(
              file,
              i + 1,
              marker,
              text.get(i).substring(FENCE.length()).strip(),
              text.subList(i + 1, close)));
      i = close;
    }
    return blocks;
  }

  boolean isRun() {
    return marker.equals("run") || marker.startsWith("run:");
  }

  /** The exit code that its commands should end with. */
  int expectedExit() {
    return marker.startsWith("run: exit ")
        ? Integer.parseInt(marker.substring("run: exit ".length()))
        : 0;
  }

  boolean isOutput() {
    return marker.equals("output");
  }

  /** Whether it is an excerpt of a file; the path is then {@link #sourcePath}. */
  boolean isSource() {
    return marker.startsWith("source: ");
  }

  String sourcePath() {
    return marker.substring("source: ".length());
  }

  boolean isLeftOut() {
    return marker.startsWith("not run: ");
  }

  String text() {
    return String.join("\n", lines);
  }

  @Override
  public String toString() {
    return "%s:%d %s".formatted(file.getFileName(), line, lines.isEmpty() ? "" : lines.getFirst());
  }
}
