package dev.wick.tokenizers.chat;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.wick.tokenizers.HuggingFaceTokenizer;
import dev.wick.tokenizers.SmallTokenizer;
import dev.wick.tokenizers.TokenizerConfig;
import dev.wick.tokenizers.jinja.Rendered;
import dev.wick.tokenizers.jinja.TemplateException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ChatTemplateTest {
  private static final String TURNS =
      """
      {%- for m in messages -%}
      <|start|>{{ m.role }}:
      {%- if m.role == 'assistant' %}{% generation %}{{ m.content }}<|end|>{% endgeneration %}
      {%- else %}{{ m.content }}<|end|>{% endif %}
      {%- endfor %}
      {%- if add_generation_prompt %}<|start|>assistant:{% endif %}""";

  private static final List<ChatMessage> HELLO =
      List.of(ChatMessage.user("hello"), ChatMessage.assistant("hé"));

  private static ChatTemplate template(String source) {
    return ChatTemplate.of(source, TokenizerConfig.empty());
  }

  private static String render(String source, ChatRequest request) {
    return template(source).render(request).text();
  }

  @Test
  void render_answer_endsWhereTheAssistantBegins() {
    assertThat(render(TURNS, ChatRequest.answer(HELLO.subList(0, 1))))
        .isEqualTo("<|start|>user:hello<|end|><|start|>assistant:");
    assertThat(render(TURNS, ChatRequest.of(HELLO)))
        .isEqualTo("<|start|>user:hello<|end|><|start|>assistant:hé<|end|>");
  }

  @Test
  void encodeWithMask_generationBlock_isWhatTheAssistantWrote() throws IOException {
    ChatPrompt prompt = template(TURNS).render(ChatRequest.of(HELLO));
    try (HuggingFaceTokenizer tokenizer = SmallTokenizer.load()) {
      EncodedChat encoded = prompt.encodeWithMask(tokenizer);

      assertThat(encoded.ids()).isEqualTo(prompt.encode(tokenizer));
      int size = encoded.size(); // ... ':' 'h' 0xC3 0xA9 <|end|>
      boolean[] expected = new boolean[size];
      for (int i = size - 4; i < size; i++) {
        expected[i] = true;
      }
      assertThat(encoded.assistantMask()).isEqualTo(expected);
      assertThat(encoded.isAssistant(size - 5)).isFalse();
    }
  }

  @Test
  void encodeWithMask_spanThatEndsInASplitCharacter_hasItsFirstToken() throws IOException {
    ChatPrompt prompt = new ChatPrompt("aé", List.of(new Rendered.Span(0, 2)));
    try (HuggingFaceTokenizer tokenizer = SmallTokenizer.load()) {
      // transformers: char_to_token gives the first token of a character
      assertThat(prompt.encodeWithMask(tokenizer).assistantMask())
          .containsExactly(true, true, false);
    }
  }

  @Test
  void render_continuedMessage_isLeftOpen() {
    ChatPrompt prompt = template(TURNS).render(ChatRequest.of(HELLO).continuingFinalMessage());

    assertThat(prompt.text()).isEqualTo("<|start|>user:hello<|end|><|start|>assistant:hé");
    int end = prompt.text().length();
    assertThat(prompt.assistantSpans()).containsExactly(new Rendered.Span(end - 2, end));
  }

  @Test
  void render_continuedMessageThatTheTemplateTrims_isCutBehindTheText() {
    List<ChatMessage> messages = List.of(ChatMessage.assistant("a b  "));

    assertThat(render("{{ messages[0].content | trim }}!", continuing(messages))).isEqualTo("a b");
    assertThat(render("{{ messages[0].content }}!", continuing(messages))).isEqualTo("a b  ");
    assertThatThrownBy(() -> render("{{ messages[0].content | upper }}", continuing(messages)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("leaves it out");
  }

  private static ChatRequest continuing(List<ChatMessage> messages) {
    return ChatRequest.of(messages).continuingFinalMessage();
  }

  @Test
  void render_continuedPart_isTheLastText() {
    ChatMessage message =
        ChatMessage.of(
            Map.of(
                "role",
                "assistant",
                "content",
                List.of(
                    Map.of("type", "text", "text", "a"),
                    Map.of("type", "text", "text", "b"),
                    Map.of("type", "image"))));

    assertThat(
            render(
                "{% for p in messages[0].content %}[{{ p.text }}]{% endfor %}",
                continuing(List.of(message))))
        .isEqualTo("[a][b");
  }

  @Test
  void render_continuedFieldThatIsNotThere_isRefused() {
    assertThatThrownBy(() -> render(TURNS, ChatRequest.of(HELLO).continuingFinalMessage("nothing")))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("\"nothing\"");
    assertThatThrownBy(
            () ->
                render(
                    "{{ messages[0].name }}", ChatRequest.of(HELLO).continuingFinalMessage("name")))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("expected text to continue in \"name\"");
    assertThatThrownBy(() -> render(TURNS, ChatRequest.answer(HELLO).continuingFinalMessage()))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("got both");
  }

  @Test
  void render_toolsAndCalls_areSeenAsTransformersPassesThem() {
    String source =
        "{{ tools | tojson }} {{ documents is none }}"
            + " {{ messages[0].tool_calls | tojson }} {{ messages[1] | tojson }}";
    ToolCall call = new ToolCall("c1", "add", Map.of("a", 1));
    ChatRequest request =
        ChatRequest.of(
                List.of(
                    ChatMessage.assistant("", List.of(call)).withReasoning("hm"),
                    ChatMessage.tool("3", "c1")))
            .withTools(List.of(Map.of("type", "function")));

    assertThat(render(source, request))
        .isEqualTo(
            "[{\"type\": \"function\"}] True"
                + " [{\"type\": \"function\", \"id\": \"c1\","
                + " \"function\": {\"name\": \"add\", \"arguments\": {\"a\": 1}}}]"
                + " {\"role\": \"tool\", \"content\": \"3\", \"tool_call_id\": \"c1\"}");
    assertThat(render("{{ tools is none }}", ChatRequest.of(HELLO))).isEqualTo("True");
  }

  @Test
  void render_variablesAndSpecialTokens_areAtHand() throws IOException {
    TokenizerConfig config =
        TokenizerConfig.parse(
            "config",
            """
            {"bos_token": null, "eos_token": {"content": "<|end|>"},
             "additional_special_tokens": ["<|start|>"]}
            """
                .getBytes(StandardCharsets.UTF_8));
    ChatTemplate template =
        ChatTemplate.of(
            "{{ eos_token }}{{ additional_special_tokens[0] }}{{ bos_token is defined }}"
                + "{{ enable_thinking }}{{ effort }}",
            config);

    assertThat(
            template.render(ChatRequest.of(HELLO).withThinking(false).with("effort", "low")).text())
        .isEqualTo("<|end|><|start|>FalseFalselow");
    assertThatThrownBy(() -> ChatRequest.of(HELLO).with("tools", List.of()))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("its own method");
  }

  @Test
  void render_nullAndAbsentContent_areDifferent() {
    String source = "{{ messages[0].content is none }} {{ messages[0].content is defined }}";
    ChatMessage absent = ChatMessage.of(Map.of("role", "assistant"));

    assertThat(render(source, ChatRequest.of(List.of(absent)))).isEqualTo("False False");
    assertThat(render(source, ChatRequest.of(List.of(absent.with("content", null)))))
        .isEqualTo("True True");
  }

  @Test
  void load_namedTemplates_toolUseServesTools(@TempDir Path folder) throws IOException {
    Files.writeString(
        folder.resolve("tokenizer_config.json"),
        """
        {"chat_template": [{"name": "default", "template": "plain"},
                           {"name": "tool_use", "template": "tools"},
                           {"name": "rag", "template": "documents"}]}
        """);
    ChatTemplate template = ChatTemplate.load(folder);
    ChatRequest request = ChatRequest.of(HELLO);

    assertThat(template.names()).containsExactly("default", "tool_use", "rag");
    assertThat(template.render(request).text()).isEqualTo("plain");
    assertThat(template.render(request.withTools(List.of())).text()).isEqualTo("tools");
    assertThat(template.render(request.withTemplate("rag")).text()).isEqualTo("documents");
    assertThatThrownBy(() -> template.render(request.withTemplate("none")))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("[default, tool_use, rag]");
  }

  @Test
  void load_templateFiles_replaceTheConfig(@TempDir Path folder) throws IOException {
    Files.writeString(folder.resolve("tokenizer_config.json"), "{\"chat_template\": \"config\"}");
    assertThat(ChatTemplate.load(folder).render(ChatRequest.of(HELLO)).text()).isEqualTo("config");

    Files.writeString(folder.resolve("chat_template.jinja"), "file");
    Files.createDirectory(folder.resolve("additional_chat_templates"));
    Files.writeString(folder.resolve("additional_chat_templates/brief.jinja"), "brief");
    ChatTemplate template = ChatTemplate.load(folder);

    assertThat(template.names()).containsExactly("default", "brief");
    assertThat(template.render(ChatRequest.of(HELLO)).text()).isEqualTo("file");
    assertThat(template.render(ChatRequest.of(HELLO).withTemplate("brief")).text())
        .isEqualTo("brief");
  }

  @Test
  void load_noTemplateOrABadOne_namesTheFolder(@TempDir Path folder) throws IOException {
    assertThatThrownBy(() -> ChatTemplate.load(folder))
        .isInstanceOf(IOException.class)
        .hasMessageContaining(folder.toString())
        .hasMessageContaining("take a chat (instruct) model");

    Files.writeString(folder.resolve("chat_template.jinja"), "{% if %}");
    assertThatThrownBy(() -> ChatTemplate.load(folder))
        .isInstanceOf(IOException.class)
        .hasMessageStartingWith(folder.toString())
        .hasMessageContaining("line 1");

    Files.delete(folder.resolve("chat_template.jinja"));
    Files.writeString(folder.resolve("tokenizer_config.json"), "{\"chat_template\": 3}");
    assertThatThrownBy(() -> ChatTemplate.load(folder))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("tokenizer_config.json: chat_template: expected text");
  }

  @Test
  void render_templateThatRefuses_saysWhy() {
    assertThatThrownBy(
            () -> render("{{ raise_exception('no system here') }}", ChatRequest.of(HELLO)))
        .isInstanceOf(TemplateException.class)
        .hasMessageContaining("no system here");
  }

  @Test
  void of_noMessagesOrNoRole_isRefused() {
    assertThatThrownBy(() -> ChatRequest.of(List.of()))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("at least one message");
    assertThatThrownBy(() -> ChatMessage.of(Map.of("content", "x")))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("expected a role");
    assertThatThrownBy(() -> ToolCall.of("", Map.of()))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("name of a function");
  }
}
