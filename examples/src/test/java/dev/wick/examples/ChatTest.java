package dev.wick.examples;

import static org.assertj.core.api.Assertions.assertThat;

import dev.wick.tokenizers.chat.ChatMessage;
import org.junit.jupiter.api.Test;

class ChatTest {
  @Test
  void results_ofCalls_areOneToolMessageForEach() {
    String answer =
        """
        I shall look.
        <tool_call>
        {"name": "java", "arguments": {}}
        </tool_call>
        <tool_call>{"name": "python", "arguments": {"of": "you"}}</tool_call>
        """;

    assertThat(Chat.results(answer))
        .containsExactly(
            ChatMessage.tool(Runtime.version().toString()),
            ChatMessage.tool("there is no tool python"));
  }

  @Test
  void results_withoutACall_areNone() {
    assertThat(Chat.results("It is 25. <tool_call> is how I would ask.")).isEmpty();
  }

  @Test
  void results_ofABrokenCall_saySo() {
    assertThat(Chat.results("<tool_call>{\"name\": </tool_call>"))
        .singleElement()
        .satisfies(
            message -> {
              assertThat(message.role()).isEqualTo("tool");
              assertThat(message.content()).startsWith("not understood: ");
            });
  }
}
