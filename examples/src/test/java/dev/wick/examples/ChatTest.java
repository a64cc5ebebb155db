package dev.wick.examples;

import static org.assertj.core.api.Assertions.assertThat;

import dev.wick.tokenizers.chat.ChatMessage;
import java.time.LocalDate;
import org.junit.jupiter.api.Test;

class ChatTest {
  @Test
  void results_ofCalls_areOneToolMessageForEach() {
    String answer =
        """
        I shall look.
        <tool_call>
        {"name": "today", "arguments": {}}
        </tool_call>
        <tool_call>{"name": "tomorrow", "arguments": {"zone": "UTC"}}</tool_call>
        """;

    assertThat(Chat.results(answer))
        .containsExactly(
            ChatMessage.tool(LocalDate.now().toString()),
            ChatMessage.tool("there is no tool tomorrow"));
  }

  @Test
  void results_withoutACall_areNone() {
    assertThat(Chat.results("It is Friday. <tool_call> is how I would ask.")).isEmpty();
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
