package dev.wick.streaming;

import dev.wick.engine.model.LanguageModel;
import java.util.Objects;

/**
 * How tokens are guessed, so that one step of the model can verify several (Leviathan et al. 2022,
 * arXiv:2211.17192; Chen et al. 2023, arXiv:2302.01318). Guesses cost time and save it, but never
 * change the result: greedy requests have the same tokens as without, others tokens of the same
 * distribution.
 */
public sealed interface Speculation {
  /** Most tokens that are guessed for one step. */
  int MAX_TOKENS = 15;

  /** Nothing is guessed: a step gives each request one token. */
  Speculation OFF = new Off();

  /** Guesses from the text itself, see {@link PromptLookup}. */
  static Speculation promptLookup(int tokens) {
    return new PromptLookup(tokens, PromptLookup.DEFAULT_NGRAM);
  }

  /** Guesses of a smaller model, see {@link DraftModel}. */
  static Speculation draftModel(LanguageModel model, int tokens) {
    return new DraftModel(model, tokens);
  }

  /** Nothing is guessed. */
  record Off() implements Speculation {}

  /**
   * Guesses that the text goes on as it did where its last tokens occurred before (Saxena 2023,
   * "Prompt Lookup Decoding"): costs nothing, and helps where answers repeat the prompt. With a
   * seed a request has the very tokens that it has without.
   *
   * @param tokens how many are guessed
   * @param maxNgram how many of the last tokens are looked for; where so many do not occur, one
   *     fewer, down to {@value #MIN_NGRAM}
   */
  record PromptLookup(int tokens, int maxNgram) implements Speculation {
    /** Fewest tokens that are looked for: one alone says too little. */
    public static final int MIN_NGRAM = 2;

    /** What is looked for when nothing is said. */
    public static final int DEFAULT_NGRAM = 3;

    /** Checks the numbers. */
    public PromptLookup {
      checkTokens(tokens);
      if (maxNgram < MIN_NGRAM) {
        throw new IllegalArgumentException(
            "prompt_lookup: expected an n-gram of at least %d tokens, got %d"
                .formatted(MIN_NGRAM, maxNgram));
      }
    }
  }

  /**
   * Guesses of a smaller model with the same tokens, which samples as the request does, without its
   * adapters. The model belongs to the caller and has to stay open as long as the requests run.
   *
   * @param model what guesses
   * @param tokens how many are guessed, at the cost of a step of the smaller model each
   */
  record DraftModel(LanguageModel model, int tokens) implements Speculation {
    /** Checks the number. */
    public DraftModel {
      Objects.requireNonNull(model, "model");
      checkTokens(tokens);
    }
  }

  private static void checkTokens(int tokens) {
    if (tokens < 1 || tokens > MAX_TOKENS) {
      throw new IllegalArgumentException(
          "speculation: expected 1 to %d tokens, got %d".formatted(MAX_TOKENS, tokens));
    }
  }
}
