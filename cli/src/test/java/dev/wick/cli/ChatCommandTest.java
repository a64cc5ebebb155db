package dev.wick.cli;

import static dev.wick.cli.Invocation.MODEL;
import static dev.wick.cli.Invocation.wickWithInput;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ChatCommandTest {
  private static final Pattern PROMPT = Pattern.compile("prompt: (\\d+) tokens");

  @Test
  void chat_turns_keepTheHistoryUntilReset() {
    Invocation chat =
        chat("Hello\n/stats\nHello\n/stats\n/reset\nHello\n/stats\n/exit\nnever\n/stats\n");

    List<Integer> prompts = promptTokens(chat);
    assertThat(chat.code()).as(chat.err()).isZero();
    assertThat(prompts).hasSize(3);
    assertThat(prompts.get(1)).isGreaterThan(prompts.get(0));
    assertThat(prompts.get(2)).isEqualTo(prompts.get(0));
  }

  @Test
  void chat_system_changesThePrompt() {
    Invocation chat = chat("Hello\n/stats\n/reset\n/system Be brief and kind\nHello\n/stats\n");

    List<Integer> prompts = promptTokens(chat);
    assertThat(prompts.get(1)).isGreaterThan(prompts.get(0));
  }

  @Test
  void chat_sameTurnAfterReset_isAnsweredTheSame() {
    Invocation once = chat("Hello\n");
    Invocation twice = chat("Hello\n/reset\nHello\n");

    assertThat(twice.out()).isEqualTo(once.out() + once.out());
  }

  @Test
  void chat_thinkingOff_changesThePrompt() {
    Invocation on = chat("Hello\n/stats\n", "--thinking", "on");
    Invocation off = chat("Hello\n/stats\n", "--thinking", "off");

    assertThat(promptTokens(off)).isNotEqualTo(promptTokens(on));
  }

  @Test
  void chat_helpAndUnknownCommand_goOn() {
    Invocation chat = chat("/help\n/bogus\n/stats\n");

    assertThat(chat.code()).isZero();
    assertThat(chat.out()).contains("/reset").contains("/system TEXT");
    assertThat(chat.err()).contains("no such command: /bogus").contains("no answer yet");
  }

  @Test
  void chat_tooLongForTheContext_failsWithRemedy() {
    Invocation chat = chat("Hello ".repeat(100) + "\n", "--context", "64");

    assertThat(chat.code()).isEqualTo(1);
    assertThat(chat.err()).contains("context length of 64").contains("shorten the prompt");
  }

  @Test
  void chat_withoutTemplate_namesFolderAndRemedy(@TempDir Path folder) throws IOException {
    Path model = Invocation.copyOfModel(folder);
    Files.delete(model.resolve("tokenizer_config.json"));

    Invocation chat = wickWithInput("Hello\n", "chat", "-m", model.toString());

    assertThat(chat.code()).isEqualTo(1);
    assertThat(chat.err()).contains("there is none in " + model).contains("instruct");
  }

  private static Invocation chat(String input, String... more) {
    List<String> args = new ArrayList<>(List.of("chat", "-m", MODEL, "--greedy", "-n", "4"));
    args.addAll(List.of(more));
    return wickWithInput(input, args.toArray(String[]::new));
  }

  private static List<Integer> promptTokens(Invocation chat) {
    List<Integer> counts = new ArrayList<>();
    Matcher matcher = PROMPT.matcher(chat.err());
    while (matcher.find()) {
      counts.add(Integer.parseInt(matcher.group(1)));
    }
    return counts;
  }
}
