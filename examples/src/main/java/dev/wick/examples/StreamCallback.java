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

/**
 * Shows each token as it is computed, by a callback on the calling thread that returns whether to
 * go on.
 */
public final class StreamCallback {
  private static final int MAX_CHARACTERS = 60;

  private StreamCallback() {}

  /** {@code [--device NAME] [--model FOLDER|HUB-ID] [PROMPT]}. */
  public static void main(String... args) throws IOException {
    Arguments arguments = Arguments.parse(args);
    Path folder = arguments.folder();
    try (Engine engine = Engine.open(arguments.device());
        Checkpoint checkpoint = Checkpoint.open(folder);
        LanguageModel model = Models.load(checkpoint, engine);
        HuggingFaceTokenizer tokenizer = HuggingFaceTokenizer.load(folder);
        Generator generator = new Generator(model, tokenizer)) {
      GenerationRequest request =
          GenerationRequest.builder(arguments.text("Once upon a time"))
              .generationConfig(checkpoint.generationConfig())
              .seed(7)
              .build();

      StringBuilder shown = new StringBuilder();
      Completion completion =
          generator.generate(
              request,
              token -> {
                System.out.print(token.text());
                shown.append(token.text());
                return shown.length() < MAX_CHARACTERS;
              });

      System.out.printf(
          "%n%s after %d tokens, the first in %d ms, then %.0f a second%n",
          completion.finishReason(),
          completion.usage().completionTokens(),
          completion.timing().timeToFirstToken().toMillis(),
          completion.timing().tokensPerSecond());
    }
  }
}
