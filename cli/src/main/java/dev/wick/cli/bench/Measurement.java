package dev.wick.cli.bench;

import dev.wick.engine.model.KvLease;
import dev.wick.engine.model.LanguageModel;
import dev.wick.engine.model.StepBatch;
import dev.wick.engine.model.StepOutput;
import java.util.Arrays;
import java.util.SplittableRandom;

/**
 * Times a model at work: prefill of a prompt and decoding after it, greedily, without tokenizer or
 * sampler. One thread at a time.
 */
public final class Measurement {
  /** Tokens of the prompt whose first token is waited for: a short question. */
  public static final int FIRST_PROMPT_TOKENS = 16;

  /** As {@code Generator}: most tokens of a prompt in one step. */
  private static final int PROMPT_ROWS = 512;

  private static final long SEED = 1;

  private final LanguageModel model;
  private final StepOutput output = new StepOutput();
  private final int[] prompt;
  private final int decodeTokens;

  /**
   * A measurement.
   *
   * @param promptTokens tokens of the prompt
   * @param decodeTokens tokens that are generated
   * @throws IllegalArgumentException if the context has no room for both
   */
  public Measurement(LanguageModel model, int promptTokens, int decodeTokens) {
    int contextLength = model.info().contextLength();
    if (promptTokens + decodeTokens > contextLength) {
      throw new IllegalArgumentException(
          "bench: expected prompt and decoded tokens to fit the context of %d, got %d and %d"
              .formatted(contextLength, promptTokens, decodeTokens));
    }
    this.model = model;
    this.decodeTokens = decodeTokens;
    this.prompt =
        new SplittableRandom(SEED)
            .ints(Math.max(promptTokens, FIRST_PROMPT_TOKENS), 0, model.info().vocabSize())
            .limit(promptTokens)
            .toArray();
  }

  /**
   * One run.
   *
   * @param prefillNanos of the prompt, its last token's logits included
   * @param decodeNanos of all decoded tokens
   * @param allocatedBytes heap allocated by all threads while decoding
   */
  public record Run(long prefillNanos, long decodeNanos, long allocatedBytes) {}

  /** Runs a short prompt up to its first token; of use once, before everything else. */
  public void firstToken() {
    try (KvLease lease = model.kvPool().lease()) {
      prefill(lease, Arrays.copyOf(prompt, Math.min(prompt.length, FIRST_PROMPT_TOKENS)));
    }
  }

  /** Runs prefill and decoding once. */
  public Run run() {
    try (KvLease lease = model.kvPool().lease()) {
      long start = System.nanoTime();
      prefill(lease, prompt);
      long prefilled = System.nanoTime();
      long allocated = Memory.allocatedBytes();
      for (int i = 0; i < decodeTokens; i++) {
        model.step(StepBatch.of(lease, StepBatch.Logits.LAST, output.argMax(0)), output);
      }
      long decoded = System.nanoTime();
      return new Run(prefilled - start, decoded - prefilled, Memory.allocatedBytes() - allocated);
    }
  }

  private void prefill(KvLease lease, int[] tokens) {
    for (int begin = 0; begin < tokens.length; begin += PROMPT_ROWS) {
      int end = Math.min(begin + PROMPT_ROWS, tokens.length);
      StepBatch.Logits logits =
          end == tokens.length ? StepBatch.Logits.LAST : StepBatch.Logits.NONE;
      model.step(StepBatch.of(lease, logits, Arrays.copyOfRange(tokens, begin, end)), output);
    }
  }
}
