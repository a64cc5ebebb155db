package dev.wick.examples;

import dev.wick.engine.Engine;
import dev.wick.engine.model.LanguageModel;
import dev.wick.engine.model.Models;
import dev.wick.formats.Checkpoint;
import dev.wick.streaming.Completion;
import dev.wick.streaming.GenerationRequest;
import dev.wick.streaming.Generator;
import dev.wick.tokenizers.HuggingFaceTokenizer;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;

/** Runs several requests at a time in the background, one {@link CompletableFuture} for each. */
public final class StreamFuture {
  private StreamFuture() {}

  /** {@code [--device NAME] [--model FOLDER|HUB-ID] [PROMPT]...}. */
  public static void main(String... args)
      throws IOException, InterruptedException, ExecutionException {
    Arguments arguments = Arguments.parse(args);
    List<String> prompts =
        arguments.words().isEmpty() ? List.of("One", "Two", "Three") : arguments.words();
    Path folder = arguments.folder();
    try (Engine engine = Engine.open(arguments.device());
        Checkpoint checkpoint = Checkpoint.open(folder);
        LanguageModel model = Models.load(checkpoint, engine);
        HuggingFaceTokenizer tokenizer = HuggingFaceTokenizer.load(folder);
        Generator generator = new Generator(model, tokenizer)) {
      // Cancelling a future ends its generation.
      List<CompletableFuture<Completion>> futures =
          prompts.stream()
              .map(prompt -> GenerationRequest.builder(prompt).maxTokens(16).build())
              .map(generator::generateAsync)
              .toList();
      for (int i = 0; i < futures.size(); i++) {
        System.out.println(prompts.get(i) + " ->" + futures.get(i).get().text());
      }
    }
  }
}
