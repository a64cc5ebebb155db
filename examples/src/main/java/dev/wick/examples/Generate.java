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

/** Continues a text: the shortest whole program. */
public final class Generate {
  private Generate() {}

  /** {@code [--device NAME] [--model FOLDER|HUB-ID] [PROMPT]}. */
  public static void main(String... args) throws IOException {
    Arguments arguments = Arguments.parse(args);
    Path folder = arguments.folder();
    String device = arguments.device();
    String prompt = arguments.text("The sky is");

    try (Engine engine = Engine.open(device);
        Checkpoint checkpoint = Checkpoint.open(folder);
        LanguageModel model = Models.load(checkpoint, engine);
        HuggingFaceTokenizer tokenizer = HuggingFaceTokenizer.load(folder);
        Generator generator = new Generator(model, tokenizer)) {
      GenerationRequest request =
          GenerationRequest.builder(prompt)
              .generationConfig(checkpoint.generationConfig())
              .maxTokens(40)
              .build();
      Completion completion = generator.generate(request);
      System.out.println(prompt + completion.text());
      System.out.println(completion.finishReason() + ", " + completion.usage());
    }
  }
}
