package dev.wick.examples;

import dev.wick.engine.Engine;
import dev.wick.engine.model.LanguageModel;
import dev.wick.engine.model.Models;
import dev.wick.formats.Checkpoint;
import dev.wick.lora.AdapterLease;
import dev.wick.lora.AdapterRegistry;
import dev.wick.lora.learning.BackgroundTrainer;
import dev.wick.lora.learning.EvaluationGate;
import dev.wick.lora.learning.LearningBudget;
import dev.wick.lora.learning.LearningEvent;
import dev.wick.lora.learning.LearningListener;
import dev.wick.lora.learning.LearningOptions;
import dev.wick.lora.peft.PeftConfig;
import dev.wick.lora.training.TrainingConfig;
import dev.wick.lora.training.data.JsonLines;
import dev.wick.streaming.GenerationRequest;
import dev.wick.streaming.Generator;
import dev.wick.tokenizers.HuggingFaceTokenizer;
import dev.wick.tokenizers.chat.ChatMessage;
import dev.wick.tokenizers.chat.ChatRequest;
import dev.wick.tokenizers.chat.ChatTemplate;
import java.io.IOException;
import java.time.Duration;
import java.util.List;

/** Answers questions while an adapter learns manners in the background, then answers with them. */
public final class LearnWhileServing {
  private LearnWhileServing() {}

  /** {@code [--device NAME] [QUESTION]}. */
  public static void main(String... args) throws IOException, InterruptedException {
    Arguments arguments = Arguments.parse(args);
    var folder = arguments.folder();
    LearningOptions options =
        LearningOptions.builder(PeftConfig.builder(8, 16).targetModules("all-linear").build())
            .training(TrainingConfig.builder().steps(30).batchSize(4).learningRate(3e-3).build())
            .budget(new LearningBudget(30, 100_000, 0.75)) // rests a quarter of the time
            .gate(EvaluationGate.improvingBy(0.1))
            .eventsPerRound(128)
            .build();
    try (AdapterRegistry registry = new AdapterRegistry();
        Engine engine = Engine.open(arguments.device());
        Checkpoint checkpoint = Checkpoint.open(folder);
        LanguageModel model = Models.load(checkpoint, engine);
        HuggingFaceTokenizer tokenizer = HuggingFaceTokenizer.load(folder);
        Generator generator = new Generator(model, tokenizer)) {
      ChatTemplate template = ChatTemplate.load(folder);
      ChatMessage question = ChatMessage.user(arguments.text("What does a bear eat?"));
      String prompt = template.render(ChatRequest.answer(List.of(question))).text();
      var encoder = TrainAdapter.encoder(template, tokenizer);
      var printer = LearningListener.ofDecisions(System.out::println);
      try (var trainer = new BackgroundTrainer(model, registry, encoder, options, printer)) {
        int number = 0;
        for (var record : JsonLines.read(Arguments.data("polite.jsonl"))) {
          boolean heldOut = number++ % 25 == 0; // versions are compared with these
          trainer.submit(new LearningEvent("manners", record.content(), 1, heldOut));
        }
        do { // serve; nobody has to wait for the trainer
          ask(generator, registry, prompt);
        } while (!trainer.awaitIdle(Duration.ofSeconds(2)));
        ask(generator, registry, prompt);
      }
    }
  }

  private static void ask(Generator generator, AdapterRegistry registry, String prompt) {
    try (AdapterLease lease = registry.find("manners").orElse(null)) {
      System.out.print(lease == null ? "base       " : "version " + lease.version() + "  ");
      var request =
          GenerationRequest.builder(prompt)
              .adapters(lease == null ? List.of() : List.of(lease.use(1)))
              .maxTokens(60);
      generator.stream(request.build()).forEach(token -> System.out.print(token.text()));
      System.out.println();
    }
  }
}
