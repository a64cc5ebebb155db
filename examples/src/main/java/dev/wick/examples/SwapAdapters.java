package dev.wick.examples;

import dev.wick.engine.Engine;
import dev.wick.engine.model.LanguageModel;
import dev.wick.engine.model.Models;
import dev.wick.formats.Checkpoint;
import dev.wick.lora.AdapterLease;
import dev.wick.lora.AdapterRegistry;
import dev.wick.streaming.Completion;
import dev.wick.streaming.GenerationRequest;
import dev.wick.streaming.Generator;
import dev.wick.tokenizers.HuggingFaceTokenizer;
import dev.wick.tokenizers.chat.ChatMessage;
import dev.wick.tokenizers.chat.ChatRequest;
import dev.wick.tokenizers.chat.ChatTemplate;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;

/**
 * Serves one model with several adapters: requests that name their own share a batch, and a new
 * version is published and rolled back while others run.
 */
public final class SwapAdapters {
  private SwapAdapters() {}

  /** {@code [--device NAME] [QUESTION]}. */
  public static void main(String... args)
      throws IOException, InterruptedException, ExecutionException {
    Arguments arguments = Arguments.parse(args);
    Path folder = arguments.folder();
    try (AdapterRegistry registry = new AdapterRegistry();
        Engine engine = Engine.open(arguments.device());
        Checkpoint checkpoint = Checkpoint.open(folder);
        LanguageModel model = Models.load(checkpoint, engine);
        HuggingFaceTokenizer tokenizer = HuggingFaceTokenizer.load(folder);
        Generator generator = new Generator(model, tokenizer)) {
      String question = arguments.text("What does an owl eat?");
      ChatRequest chat = ChatRequest.answer(List.of(ChatMessage.user(question)));
      String prompt = ChatTemplate.load(folder).render(chat).text();
      registry.load("pirate", Arguments.adapter("pirate"));
      registry.load("json", Arguments.adapter("json"));

      try (AdapterLease pirate = registry.acquire("pirate");
          AdapterLease json = registry.acquire("json")) {
        var plain = generator.generateAsync(request(prompt));
        var both = List.of(ask(generator, prompt, pirate), ask(generator, prompt, json));
        registry.load("json", Arguments.adapter("pirate")); // Running requests keep theirs.
        System.out.println("base    " + plain.get().text());
        System.out.println("pirate  " + both.get(0).get().text());
        System.out.println("json    " + both.get(1).get().text());
      }
      try (AdapterLease second = registry.acquire("json")) {
        System.out.println("json 2  " + ask(generator, prompt, second).get().text());
      }
      registry.rollback("json");
      try (AdapterLease first = registry.acquire("json")) {
        System.out.println("json 1  " + ask(generator, prompt, first).get().text());
      }
    }
  }

  private static CompletableFuture<Completion> ask(
      Generator generator, String prompt, AdapterLease adapter) {
    GenerationRequest request =
        GenerationRequest.builder(prompt).maxTokens(40).adapters(List.of(adapter.use(1))).build();
    return generator.generateAsync(request);
  }

  private static GenerationRequest request(String prompt) {
    return GenerationRequest.builder(prompt).maxTokens(40).build();
  }
}
