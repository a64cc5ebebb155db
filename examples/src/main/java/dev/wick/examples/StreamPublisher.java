package dev.wick.examples;

import dev.wick.engine.Engine;
import dev.wick.engine.model.LanguageModel;
import dev.wick.engine.model.Models;
import dev.wick.formats.Checkpoint;
import dev.wick.streaming.GenerationRequest;
import dev.wick.streaming.Generator;
import dev.wick.streaming.StreamToken;
import dev.wick.tokenizers.HuggingFaceTokenizer;
import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Flow;

/**
 * Subscribes to a {@link Flow.Publisher}: tokens are computed off this thread, only on demand, and
 * cancelling gives the memory of the sequence back within one step.
 */
public final class StreamPublisher {
  private StreamPublisher() {}

  /** {@code [--device NAME] [--model FOLDER|HUB-ID] [PROMPT]}. */
  public static void main(String... args)
      throws IOException, InterruptedException, ExecutionException {
    Arguments arguments = Arguments.parse(args);
    Path folder = arguments.folder();
    try (Engine engine = Engine.open(arguments.device());
        Checkpoint checkpoint = Checkpoint.open(folder);
        LanguageModel model = Models.load(checkpoint, engine);
        HuggingFaceTokenizer tokenizer = HuggingFaceTokenizer.load(folder);
        Generator generator = new Generator(model, tokenizer)) {
      Printer printer = new Printer();
      generator
          .publisher(GenerationRequest.of(arguments.text("Rivers run to the")))
          .subscribe(printer);
      System.out.println("%n%d tokens".formatted(printer.count.get()));
    }
  }

  /** Asks for one token at a time, and cancels when it has enough. */
  private static final class Printer implements Flow.Subscriber<StreamToken> {
    private final CompletableFuture<Integer> count = new CompletableFuture<>();

    @SuppressWarnings("NullAway.Init") // onSubscribe comes before everything else.
    private Flow.Subscription subscription;

    private int seen;

    @Override
    public void onSubscribe(Flow.Subscription given) {
      subscription = given;
      subscription.request(1);
    }

    @Override
    public void onNext(StreamToken token) {
      System.out.print(token.text());
      if (++seen < 20) {
        subscription.request(1);
      } else {
        subscription.cancel();
        count.complete(seen);
      }
    }

    @Override
    public void onError(Throwable failure) {
      count.completeExceptionally(failure);
    }

    @Override
    public void onComplete() {
      count.complete(seen);
    }
  }
}
