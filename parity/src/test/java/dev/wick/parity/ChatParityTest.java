package dev.wick.parity;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.wick.tokenizers.EncodeOption;
import dev.wick.tokenizers.HuggingFaceTokenizer;
import dev.wick.tokenizers.TokenizerConfig;
import dev.wick.tokenizers.chat.ChatMessage;
import dev.wick.tokenizers.chat.ChatPrompt;
import dev.wick.tokenizers.chat.ChatRequest;
import dev.wick.tokenizers.chat.ChatTemplate;
import dev.wick.tokenizers.chat.EncodedChat;
import dev.wick.tokenizers.jinja.Template;
import dev.wick.tokenizers.jinja.TemplateException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;

/** Rendered conversations, their ids and assistant masks, and single template features. */
class ChatParityTest {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final TypeReference<List<Map<String, Object>>> MAPS = new TypeReference<>() {};
  private static final TypeReference<Map<String, Object>> MAP = new TypeReference<>() {};

  @TempDir Path temporary;

  private final Path folder = Goldens.folder().resolve("tokenizer/chat");

  @TestFactory
  List<DynamicTest> chats() throws IOException {
    JsonNode golden = Goldens.json(folder.resolve("cases.json"));
    Path tokenizerFolder = folder.resolve(golden.get("tokenizer").asText());
    HuggingFaceTokenizer tokenizer = HuggingFaceTokenizer.load(tokenizerFolder);
    TokenizerConfig config = TokenizerConfig.load(tokenizerFolder);
    CaseCount count = new CaseCount("chat");
    int index = 0;
    for (JsonNode one : golden.get("cases")) {
      String template = one.get("template").asText();
      ChatTemplate chat =
          ChatTemplate.of(Files.readString(folder.resolve(template + ".jinja")), config);
      count.add("%s %d".formatted(template, index++), () -> check(chat, tokenizer, one));
    }
    return count.tests(golden.get("cases").size());
  }

  @TestFactory
  List<DynamicTest> probes() {
    JsonNode probes = Goldens.json(folder.resolve("probes.json")).get("probes");
    CaseCount count = new CaseCount("template probes");
    for (JsonNode probe : probes) {
      count.add(probe.get("template").asText(), () -> probe(probe));
    }
    return count.tests(probes.size());
  }

  @TestFactory
  List<DynamicTest> realVocabulary() throws IOException {
    HuggingFaceTokenizer tokenizer =
        HuggingFaceTokenizer.load(TokenizerParityTest.unpackedRealTokenizer(temporary));
    JsonNode chats = Goldens.json(Goldens.realTokenizer().resolve("cases.json")).get("chat");
    CaseCount count = new CaseCount("chats of the real vocabulary");
    int index = 0;
    for (JsonNode chat : chats) {
      count.add(
          "chat " + index++,
          () ->
              assertThat(tokenizer.encode(chat.get("rendered").asText(), EncodeOption.ADD_NOTHING))
                  .isEqualTo(TokenizerParityTest.ints(chat.get("ids"))));
    }
    return count.tests(chats.size());
  }

  private static void probe(JsonNode probe) {
    String source = probe.get("template").asText();
    Map<String, Object> context = JSON.convertValue(probe.get("context"), MAP);
    if (probe.has("error")) {
      assertThatThrownBy(() -> Template.parse(source).render(context))
          .isInstanceOf(TemplateException.class);
    } else {
      assertThat(Template.parse(source).render(context).text())
          .isEqualTo(probe.get("rendered").asText());
    }
  }

  private static void check(ChatTemplate template, HuggingFaceTokenizer tokenizer, JsonNode one) {
    if (one.has("error")) {
      assertThatThrownBy(() -> template.render(request(one)))
          .isInstanceOfAny(TemplateException.class, IllegalArgumentException.class)
          .hasMessageContaining(":");
      return;
    }
    ChatPrompt prompt = template.render(request(one));

    assertThat(prompt.text()).isEqualTo(one.get("rendered").asText());
    EncodedChat encoded = prompt.encodeWithMask(tokenizer);
    assertThat(encoded.ids()).isEqualTo(TokenizerParityTest.ints(one.get("ids")));
    if (one.has("assistant_mask")) {
      int[] mask =
          IntStream.range(0, encoded.size()).map(i -> encoded.isAssistant(i) ? 1 : 0).toArray();
      assertThat(mask).isEqualTo(TokenizerParityTest.ints(one.get("assistant_mask")));
    }
  }

  private static ChatRequest request(JsonNode one) {
    List<ChatMessage> messages = new ArrayList<>();
    for (Map<String, Object> fields : JSON.convertValue(one.get("messages"), MAPS)) {
      messages.add(ChatMessage.of(fields));
    }
    ChatRequest request = ChatRequest.of(messages);
    for (Map.Entry<String, JsonNode> argument : one.get("kwargs").properties()) {
      JsonNode value = argument.getValue();
      request =
          switch (argument.getKey()) {
            case "add_generation_prompt" -> request.withGenerationPrompt(value.asBoolean());
            case "continue_final_message" ->
                value.asBoolean() ? request.continuingFinalMessage() : request;
            case "tools" -> request.withTools(JSON.convertValue(value, MAPS));
            case "documents" -> request.withDocuments(JSON.convertValue(value, MAPS));
            default -> request.with(argument.getKey(), JSON.convertValue(value, Object.class));
          };
    }
    return request;
  }
}
