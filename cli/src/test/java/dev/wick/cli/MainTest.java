package dev.wick.cli;

import static dev.wick.cli.Invocation.wick;
import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class MainTest {
  @Test
  void wick_alone_listsTheCommands() {
    Invocation invocation = wick();

    assertThat(invocation.code()).isZero();
    assertThat(invocation.out())
        .contains(
            "generate",
            "chat",
            "logits",
            "tokenize",
            "inspect",
            "quantize",
            "perplexity",
            "devices",
            "doctor",
            "bench",
            "pull",
            "list",
            "rm");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "generate",
        "chat",
        "logits",
        "tokenize",
        "inspect",
        "quantize",
        "perplexity",
        "devices",
        "doctor",
        "bench",
        "pull",
        "list",
        "rm"
      })
  void command_help_describesEveryOption(String command) {
    Invocation invocation = wick(command, "--help");

    assertThat(invocation.code()).as(invocation.err()).isZero();
    assertThat(invocation.out()).startsWith("Usage: wick " + command).contains("--verbose");
  }

  @Test
  void wick_misspelledCommand_suggestsOne() {
    Invocation invocation = wick("generat");

    assertThat(invocation.code()).isEqualTo(2);
    assertThat(invocation.err()).contains("generat'").contains("Did you mean: wick generate");
  }

  @Test
  void wick_verboseBeforeTheCommand_isUnderstood() {
    Invocation invocation = wick("--verbose", "generate", "-m", "./nowhere", "-p", "x");

    assertThat(invocation.code()).isEqualTo(1);
    assertThat(invocation.err()).contains("no such folder").contains("\tat ");
  }
}
