package dev.wick.examples;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.wick.engine.Engine;
import dev.wick.engine.model.LanguageModel;
import dev.wick.engine.model.Models;
import dev.wick.formats.Checkpoint;
import dev.wick.streaming.GenerationRequest;
import dev.wick.streaming.Generator;
import dev.wick.tokenizers.HuggingFaceTokenizer;
import dev.wick.tokenizers.chat.ChatMessage;
import dev.wick.tokenizers.chat.ChatRequest;
import dev.wick.tokenizers.chat.ChatTemplate;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;

/** Holds a conversation by the model's own chat template, thinking or not, with a tool to call. */
public final class Chat {
  private static final Pattern TOOL_CALL =
      Pattern.compile("<tool_call>(.*?)</tool_call>", Pattern.DOTALL);
  private static final Map<String, Object> JAVA =
      Map.of("type", "function", "function", Map.of("name", "java", "description", "Its version"));

  private Chat() {}

  /** {@code [--device NAME] [--model FOLDER|HUB-ID] [QUESTION]}. */
  public static void main(String... args) throws IOException {
    Arguments arguments = Arguments.parse(args);
    Path folder = arguments.folder();
    try (Engine engine = Engine.open(arguments.device());
        Checkpoint checkpoint = Checkpoint.open(folder);
        LanguageModel model = Models.load(checkpoint, engine);
        HuggingFaceTokenizer tokenizer = HuggingFaceTokenizer.load(folder);
        Generator generator = new Generator(model, tokenizer)) {
      ChatTemplate template = ChatTemplate.load(folder);
      for (boolean thinking : List.of(false, true)) {
        List<ChatMessage> messages = new ArrayList<>();
        messages.add(ChatMessage.user(arguments.text("Which Java are you running on?")));
        while (messages.size() < 8 && !messages.getLast().role().equals("assistant")) {
          ChatRequest chat =
              ChatRequest.answer(messages).withTools(List.of(JAVA)).withThinking(thinking);
          var request =
              GenerationRequest.builder(template.render(chat).text())
                  .generationConfig(checkpoint.generationConfig())
                  .build();
          String answer = generator.generate(request).text();
          System.out.println((thinking ? "thinking: " : "at once: ") + answer);
          messages.add(ChatMessage.assistant(answer));
          messages.addAll(results(answer));
        }
      }
    }
  }

  /** Runs the tools that an answer calls: each {@code {"name": ..., "arguments": {...}}}. */
  static List<ChatMessage> results(String answer) {
    return TOOL_CALL
        .matcher(answer)
        .results()
        .map(call -> ChatMessage.tool(result(call.group(1))))
        .toList();
  }

  private static String result(String call) {
    try {
      String name = new ObjectMapper().readTree(call).path("name").asText();
      return name.equals("java") ? "" + Runtime.version() : "there is no tool " + name;
    } catch (JsonProcessingException e) {
      return "not understood: " + e.getOriginalMessage(); // The model may mend its call.
    }
  }
}
