package dev.wick.streaming;

import java.util.concurrent.Flow;
import org.reactivestreams.tck.TestEnvironment;
import org.reactivestreams.tck.flow.FlowPublisherVerification;
import org.testng.annotations.AfterClass;

/** The rules of Reactive Streams for the publisher view; run by {@link ReactiveStreamsTest}. */
final class TokenPublisherVerification extends FlowPublisherVerification<StreamToken> {
  private static final long TIMEOUT_MILLIS = 1000;
  private static final long SILENCE_MILLIS = 50;
  private static final long COLLECTED_MILLIS = 1000;

  private final Generator generator =
      new Generator(
          new ScriptedModel(300, Integer.MAX_VALUE, 4096, sequence -> 'x'), new TestTokenizer());

  /** Made by TestNG. */
  public TokenPublisherVerification() {
    super(new TestEnvironment(TIMEOUT_MILLIS, SILENCE_MILLIS, SILENCE_MILLIS), COLLECTED_MILLIS);
  }

  @Override
  public long maxElementsFromPublisher() {
    return Integer.MAX_VALUE;
  }

  @Override
  public Flow.Publisher<StreamToken> createFlowPublisher(long elements) {
    int tokens = Math.toIntExact(Math.max(1, elements)); // a generation has at least one
    return generator.publisher(GenerationRequest.builder("p").maxTokens(tokens).build());
  }

  @Override
  public Flow.Publisher<StreamToken> createFailedFlowPublisher() {
    Generator closed = new Generator(generator.model(), generator.tokenizer());
    closed.close();
    return closed.publisher(GenerationRequest.of("p"));
  }

  /** Ends the threads. */
  @AfterClass
  public void closeGenerator() {
    generator.close();
  }
}
