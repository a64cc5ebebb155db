package dev.wick.examples;

import dev.wick.engine.Engine;
import dev.wick.engine.model.LanguageModel;
import dev.wick.engine.model.Models;
import dev.wick.formats.Checkpoint;
import dev.wick.lora.AdapterLease;
import dev.wick.lora.AdapterRegistry;
import dev.wick.streaming.GenerationRequest;
import dev.wick.streaming.Generator;
import dev.wick.tokenizers.HuggingFaceTokenizer;
import dev.wick.tokenizers.chat.ChatMessage;
import dev.wick.tokenizers.chat.ChatRequest;
import dev.wick.tokenizers.chat.ChatTemplate;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Streams, swaps adapters in the middle of a conversation, trains one, and streams from that. */
public final class Tour {
  private final AdapterRegistry registry = new AdapterRegistry();
  private final List<ChatMessage> messages = new ArrayList<>();

  private Tour() {}

  /** {@code [--device NAME] [STEPS]}: the model is the one of the repository. */
  public static void main(String... args) throws IOException {
    new Tour().run(Arguments.parse(args));
  }

  private void run(Arguments arguments) throws IOException {
    Path folder = arguments.folder();
    try (registry;
        Engine engine = Engine.open(arguments.device());
        Checkpoint checkpoint = Checkpoint.open(folder);
        LanguageModel model = Models.load(checkpoint, engine);
        HuggingFaceTokenizer tokenizer = HuggingFaceTokenizer.load(folder);
        Generator generator = new Generator(model, tokenizer)) {
      var template = ChatTemplate.load(folder);
      registry.load("pirate", Arguments.adapter("pirate"));
      registry.load("json", Arguments.adapter("json"));
      ask(generator, template, "Tell me a story about a bear.");
      registry.activate("pirate");
      ask(generator, template, "What does a bear eat?");
      registry.activate("json");
      ask(generator, template, "Where does a bear live?");
      System.out.println("\n(training an adapter that answers with good manners)");
      var encoder = TrainAdapter.encoder(template, tokenizer);
      Path polite = Files.createTempDirectory("wick-polite");
      int steps = Integer.parseInt(arguments.text("100"));
      TrainAdapter.train(model, encoder, Arguments.data("polite.jsonl"), polite, steps);
      registry.load("polite", polite);
      registry.activate("polite");
      ask(generator, template, "What does a bear eat?");
    }
  }

  private void ask(Generator generator, ChatTemplate template, String question) {
    messages.add(ChatMessage.user(question));
    try (AdapterLease lease = registry.acquireActive().orElse(null)) {
      var request =
          GenerationRequest.builder(template.render(ChatRequest.answer(messages)).text())
              .adapters(lease == null ? List.of() : List.of(lease.use(1)))
              .maxTokens(120);
      System.out.printf("%n%s%n%-8s ", question, registry.active().orElse("base"));
      StringBuilder answer = new StringBuilder();
      generator.stream(request.build()).forEach(token -> show(token.text(), answer));
      System.out.println();
      messages.add(ChatMessage.assistant(answer.toString()));
    }
  }

  private static void show(String text, StringBuilder answer) {
    System.out.print(text);
    answer.append(text);
  }
}
