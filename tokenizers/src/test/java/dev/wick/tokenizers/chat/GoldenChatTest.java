package dev.wick.tokenizers.chat;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.wick.tokenizers.EncodeOption;
import dev.wick.tokenizers.HuggingFaceTokenizer;
import dev.wick.tokenizers.TokenizerConfig;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;

/** Prompts that transformers rendered, read from a folder named by a property. */
class GoldenChatTest {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final TypeReference<List<Map<String, Object>>> MAPS = new TypeReference<>() {};

  @TestFactory
  @EnabledIfSystemProperty(named = "wick.goldens", matches = ".+")
  Stream<DynamicTest> chats() throws IOException {
    Path folder = Path.of(System.getProperty("wick.goldens")).resolve("tokenizer/chat");
    JsonNode cases = JSON.readTree(folder.resolve("cases.json").toFile());
    Path tokenizerFolder = folder.resolve(cases.get("tokenizer").textValue());
    HuggingFaceTokenizer tokenizer = HuggingFaceTokenizer.load(tokenizerFolder);
    TokenizerConfig config = TokenizerConfig.load(tokenizerFolder);
    Map<String, ChatTemplate> templates = new HashMap<>();
    List<DynamicTest> tests = new ArrayList<>();
    for (JsonNode c : cases.get("cases")) {
      String name = c.get("template").textValue();
      if (!templates.containsKey(name)) {
        String source = Files.readString(folder.resolve(name + ".jinja"));
        templates.put(name, ChatTemplate.of(source, config));
      }
      tests.add(
          dynamicTest(name + " " + tests.size(), () -> check(templates.get(name), tokenizer, c)));
    }
    return tests.stream();
  }

  private static void check(ChatTemplate template, HuggingFaceTokenizer tokenizer, JsonNode c) {
    if (c.has("error")) {
      assertThatThrownBy(() -> template.render(request(c))).hasMessageContaining(":");
      return;
    }
    ChatPrompt prompt = template.render(request(c));

    assertThat(prompt.text()).isEqualTo(c.get("rendered").textValue());
    assertThat(prompt.encode(tokenizer)).isEqualTo(ints(c.get("ids")));
    EncodedChat encoded = prompt.encodeWithMask(tokenizer);
    assertThat(encoded.ids()).isEqualTo(ints(c.get("ids")));
    if (c.has("assistant_mask")) {
      int[] mask = ints(c.get("assistant_mask"));
      assertThat(encoded.size()).isEqualTo(mask.length);
      for (int i = 0; i < mask.length; i++) {
        assertThat(encoded.isAssistant(i)).as("token %d", i).isEqualTo(mask[i] == 1);
      }
    }
  }

  private static ChatRequest request(JsonNode c) {
    List<ChatMessage> messages = new ArrayList<>();
    for (Map<String, Object> fields : JSON.convertValue(c.get("messages"), MAPS)) {
      messages.add(ChatMessage.of(fields));
    }
    ChatRequest request = ChatRequest.of(messages);
    for (Map.Entry<String, JsonNode> argument : c.get("kwargs").properties()) {
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

  @TestFactory
  @EnabledIfSystemProperty(named = "wick.realTokenizer", matches = ".+")
  Stream<DynamicTest> realVocabularyChats() throws IOException {
    Path folder = Path.of(System.getProperty("wick.realTokenizer"));
    HuggingFaceTokenizer tokenizer;
    try (GZIPInputStream in =
        new GZIPInputStream(Files.newInputStream(folder.resolve("tokenizer.json.gz")))) {
      tokenizer = HuggingFaceTokenizer.of("real", in.readAllBytes(), TokenizerConfig.load(folder));
    }
    List<DynamicTest> tests = new ArrayList<>();
    for (JsonNode c : JSON.readTree(folder.resolve("cases.json").toFile()).get("chat")) {
      tests.add(
          dynamicTest(
              "chat " + tests.size(),
              () ->
                  assertThat(
                          tokenizer.encode(c.get("rendered").textValue(), EncodeOption.ADD_NOTHING))
                      .isEqualTo(ints(c.get("ids")))));
    }
    return tests.stream();
  }

  private static int[] ints(JsonNode array) {
    int[] ints = new int[array.size()];
    for (int i = 0; i < ints.length; i++) {
      ints[i] = array.get(i).asInt();
    }
    return ints;
  }
}
