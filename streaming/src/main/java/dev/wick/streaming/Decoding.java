package dev.wick.streaming;

import dev.wick.engine.model.LanguageModel;
import dev.wick.engine.model.StepOutput;
import dev.wick.engine.model.Tokenizer;
import dev.wick.streaming.sampling.Sampler;
import dev.wick.streaming.sampling.SamplingScratch;
import dev.wick.streaming.sampling.TokenHistory;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * How one request goes from logits to tokens: its prompt, sampler, decoder and stop conditions.
 *
 * <p>One thread at a time: first the one that asks for the request, then whoever drives the steps.
 */
final class Decoding {
  private final LanguageModel model;
  private final Tokenizer tokenizer;
  private final GenerationRequest request;
  private final int[] endOfSequenceIds;
  private final Sampler sampler;
  private final TokenHistory history;
  private final Tokenizer.StreamDecoder decoder;
  private final StopStrings stopStrings;
  private int promptTokens;
  private int maxTokens;
  private int generated;
  private @Nullable FinishReason finishReason;
  private long startNanos;

  Decoding(
      LanguageModel model,
      Tokenizer tokenizer,
      SamplingScratch scratch,
      GenerationRequest request) {
    this.model = model;
    this.tokenizer = tokenizer;
    this.request = request;
    List<Integer> ends = new ArrayList<>(model.info().eosTokenIds());
    ends.addAll(request.stopTokenIds());
    this.endOfSequenceIds = ends.stream().mapToInt(Integer::intValue).distinct().toArray();
    this.sampler = new Sampler(request.sampling(), scratch);
    this.history = sampler.history();
    this.decoder = tokenizer.newStreamDecoder(request.skipSpecialTokens());
    this.stopStrings = new StopStrings(request.stopStrings());
  }

  /**
   * Encodes the prompt.
   *
   * @throws ContextTooLongException if no room is left for a token
   * @throws IllegalArgumentException if the prompt has no tokens or one that the model lacks
   */
  void begin() {
    startNanos = System.nanoTime();
    int[] prompt =
        switch (request.prompt()) {
          case Prompt.Text(String promptText) -> tokenizer.encode(promptText);
          case Prompt.Tokens tokens -> tokens.ids();
        };
    checkPrompt(prompt);
    promptTokens = prompt.length;
    maxTokens =
        Math.min(
            request.maxTokens().orElse(Integer.MAX_VALUE),
            model.info().contextLength() - promptTokens);
    sampler.begin(prompt);
  }

  private void checkPrompt(int[] prompt) {
    int contextLength = model.info().contextLength();
    if (prompt.length >= contextLength) {
      throw new ContextTooLongException(prompt.length, contextLength);
    }
    if (prompt.length == 0) {
      throw new IllegalArgumentException("prompt: expected at least one token, got none");
    }
    for (int id : prompt) {
      if (id < 0 || id >= model.info().vocabSize()) {
        throw new IllegalArgumentException(
            "prompt: expected token ids in 0..%d, got %d"
                .formatted(model.info().vocabSize() - 1, id));
      }
    }
  }

  /** Tokens so far, prompt and generated; a step appends those that the cache lacks. */
  int length() {
    return history.size();
  }

  /** A token so far. */
  int token(int position) {
    return history.token(position);
  }

  /** The tokens so far. */
  TokenHistory history() {
    return history;
  }

  /** Tokens that it may still generate. */
  int remaining() {
    return maxTokens - generated;
  }

  /** Whether the model has such a token. */
  boolean isInVocabulary(int id) {
    return id >= 0 && id < model.info().vocabSize();
  }

  /** Whether it ends with this token. */
  boolean endsWith(int id) {
    return !request.ignoreEndOfSequence() && contains(endOfSequenceIds, id);
  }

  /** Tokens of the prompt. */
  int promptTokens() {
    return promptTokens;
  }

  /** Seed of the random numbers. */
  long seed() {
    return sampler.seed();
  }

  /**
   * Picks the next token.
   *
   * @param row the one of the last token so far
   * @param draft what was guessed
   * @param guess which of the guesses is for this token; if there are fewer, none
   * @throws dev.wick.streaming.sampling.LogitsException if none can be picked
   */
  StreamToken accept(StepOutput step, int row, Draft draft, int guess) {
    float[] logits = step.logits(row);
    float logSumExp = step.logSumExp(row);
    int id;
    if (sampler.isArgMax() && Float.isFinite(logSumExp)) {
      id = step.argMax(row);
    } else if (guess < draft.size() && draft.isDrawn()) {
      id = sampler.verify(logits, 0, draft.token(guess), draft.distribution(guess));
    } else {
      // A guess that was certain is kept with the probability that the model gives it: if picked.
      id = sampler.sample(logits, 0);
    }
    sampler.accept(id);
    int index = generated++;
    boolean end = contains(endOfSequenceIds, id);
    boolean stop = endsWith(id);
    String shown = stop ? "" : stopStrings.next(decoder.next(id));
    if (stop) {
      finishReason = FinishReason.STOP;
    } else if (stopStrings.matched()) {
      finishReason = FinishReason.STOP_STRING;
    } else if (generated == maxTokens) {
      finishReason = FinishReason.LENGTH;
    }
    if (stop || finishReason == FinishReason.LENGTH) {
      shown += remainingText();
    }
    return new StreamToken(
        index,
        id,
        shown,
        logits[id],
        logits[id] - logSumExp,
        request.topLogprobs() == 0 ? List.of() : alternatives(logits, logSumExp),
        end,
        Optional.ofNullable(finishReason),
        System.nanoTime() - startNanos);
  }

  /** The rest of the decoder and of the stop strings; a stop string may be complete only now. */
  private String remainingText() {
    String rest = stopStrings.next(decoder.finish());
    if (stopStrings.matched()) {
      finishReason = FinishReason.STOP_STRING;
      return rest;
    }
    return rest + stopStrings.finish();
  }

  private List<TokenAlternative> alternatives(float[] logits, float logSumExp) {
    List<TokenAlternative> result = new ArrayList<>(request.topLogprobs());
    for (int id : Sampler.largest(logits, request.topLogprobs())) {
      String own = tokenizer.decode(new int[] {id}, false);
      result.add(new TokenAlternative(id, own, logits[id], logits[id] - logSumExp));
    }
    return result;
  }

  private static boolean contains(int[] ids, int id) {
    for (int candidate : ids) {
      if (candidate == id) {
        return true;
      }
    }
    return false;
  }
}
