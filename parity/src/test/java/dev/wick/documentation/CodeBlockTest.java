package dev.wick.documentation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CodeBlockTest {
  @TempDir Path folder;

  @Test
  void in_markedBlocks_areToldApart() throws IOException {
    Path file =
        Files.writeString(
            folder.resolve("page.md"),
            """
            Text.

            <!-- run: exit 2 -->
            ```sh
            echo one
            exit 2
            ```
            <!-- output -->
            ```
            one
            ```
            <!-- not run: needs the network -->
            ```sh
            curl
            ```
            ```java
            int i;
            ```
            """);

    List<CodeBlock> blocks = CodeBlock.in(file);

    assertThat(blocks)
        .extracting(CodeBlock::line, CodeBlock::marker, CodeBlock::language, CodeBlock::text)
        .containsExactly(
            tuple(4, "run: exit 2", "sh", "echo one\nexit 2"),
            tuple(9, "output", "", "one"),
            tuple(13, "not run: needs the network", "sh", "curl"),
            tuple(16, "", "java", "int i;"));
    assertThat(blocks.getFirst().isRun()).isTrue();
    assertThat(blocks.getFirst().expectedExit()).isEqualTo(2);
    assertThat(blocks.get(1).isOutput()).isTrue();
    assertThat(blocks.get(2).isLeftOut()).isTrue();
    assertThat(blocks.get(3).isRun()).isFalse();
  }

  @Test
  void in_openFence_namesItsLine() throws IOException {
    Path file = Files.writeString(folder.resolve("page.md"), "a\n```sh\nls\n");

    assertThatThrownBy(() -> CodeBlock.in(file))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage(file + ":2: expected a closing ```, got the end of the file");
  }
}
