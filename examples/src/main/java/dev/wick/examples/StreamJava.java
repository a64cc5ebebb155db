package dev.wick.examples;

import dev.wick.engine.Engine;
import dev.wick.engine.model.LanguageModel;
import dev.wick.engine.model.Models;
import dev.wick.formats.Checkpoint;
import dev.wick.streaming.GenerationRequest;
import dev.wick.streaming.Generator;
import dev.wick.streaming.StreamToken;
import dev.wick.streaming.TokenAlternative;
import dev.wick.tokenizers.HuggingFaceTokenizer;
import java.io.IOException;
import java.nio.file.Path;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Takes tokens from a {@link Stream}, which computes each one when it is asked for it: here the ten
 * first, with what the model would have said instead.
 */
public final class StreamJava {
  private StreamJava() {}

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
          GenerationRequest.builder(arguments.text("To be or not")).topLogprobs(3).build();

      // Closing the stream ends a generation that was not read to its end.
      try (Stream<StreamToken> tokens = generator.stream(request)) {
        tokens.limit(10).map(StreamJava::describe).forEach(System.out::println);
      }
    }
  }

  private static String describe(StreamToken token) {
    return "%2d  %-12s %5.1f %%   among %s"
        .formatted(
            token.index(),
            quoted(token.text()),
            100 * token.probability(),
            token.alternatives().stream()
                .map(TokenAlternative::text)
                .map(StreamJava::quoted)
                .collect(Collectors.joining(" ")));
  }

  private static String quoted(String text) {
    return '"' + text.replace("\n", "\\n") + '"';
  }
}
