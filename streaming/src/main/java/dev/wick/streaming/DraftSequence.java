package dev.wick.streaming;

import dev.wick.engine.model.KvExhaustedException;
import dev.wick.engine.model.KvLease;
import dev.wick.engine.model.LanguageModel;
import dev.wick.engine.model.StepBatch;
import dev.wick.engine.model.StepOutput;
import dev.wick.streaming.sampling.LogitsException;
import dev.wick.streaming.sampling.Sampler;
import dev.wick.streaming.sampling.SamplingOptions;
import dev.wick.streaming.sampling.SamplingScratch;
import java.util.List;

/**
 * A generation as a smaller model sees it: its share of that model's cache, and a sampler that
 * picks there as the generation's own does. Belongs to the thread that drives.
 */
final class DraftSequence implements AutoCloseable {
  /** Tokens that it may bring to a step that it shares with others. */
  private static final int MOST_SHARED = 16;

  private final LanguageModel model;
  private final Decoding decoding;
  private final Draft draft;
  private final KvLease lease;
  private final Sampler sampler;
  private int known; // tokens of the generation in the history of the sampler; guesses follow
  private int limit;
  private boolean foreign;

  DraftSequence(
      LanguageModel model,
      Decoding decoding,
      Draft draft,
      SamplingOptions sampling,
      SamplingScratch scratch) {
    this.model = model;
    this.decoding = decoding;
    this.draft = draft;
    this.lease = model.kvPool().lease();
    this.sampler =
        new Sampler(
            sampling.processors(), sampling.isGreedy(), ~decoding.seed(), scratch); // not its own
  }

  /**
   * Takes in what the generation has become, and computes all of it but the last token.
   *
   * @param most how many tokens to guess
   * @param maxStep most tokens in a step
   * @return whether there is anything to guess and room for it
   */
  boolean catchUp(int most, int maxStep, StepOutput output) {
    follow();
    int length = decoding.length();
    limit = Math.min(most, model.info().contextLength() - length);
    if (foreign || limit < 1) {
      return false;
    }
    if (lease.blocks() == 0) {
      lease.resume(List.of(), decoding::token, length - 1);
    }
    while (length - lease.length() > MOST_SHARED) {
      int rows = Math.min(maxStep, length - 1 - lease.length());
      if (!reserve(rows)) {
        return false;
      }
      model.step(StepBatch.of(lease, StepBatch.Logits.NONE, next(rows)), output);
    }
    lease.remember(List.of(), decoding::token);
    return true;
  }

  /** Drops the guesses that did not come true. */
  private void follow() {
    int same = known;
    int guessed = sampler.history().size();
    while (same < Math.min(guessed, decoding.length())
        && sampler.history().token(same) == decoding.token(same)) {
      same++;
    }
    lease.truncate(Math.min(lease.length(), Math.min(same, decoding.length() - 1)));
    sampler.retract(guessed - same);
    for (int i = same; i < decoding.length(); i++) {
      foreign |= decoding.token(i) >= model.info().vocabSize();
      if (i < decoding.promptTokens()) {
        sampler.acceptPrompt(decoding.token(i));
      } else {
        sampler.accept(decoding.token(i));
      }
    }
    known = decoding.length();
  }

  /** Whether its next step has room in the cache; if not, it gives back what it has. */
  boolean reserve() {
    return reserve(pending());
  }

  private boolean reserve(int tokens) {
    try {
      lease.reserve(tokens);
      return true;
    } catch (KvExhaustedException e) {
      lease.truncate(0); // guessing is not worth waiting for
      return false;
    }
  }

  private int pending() {
    return sampler.history().size() - lease.length();
  }

  /** The tokens of its next step. */
  int[] next() {
    return next(pending());
  }

  private int[] next(int count) {
    int[] tokens = new int[count];
    for (int i = 0; i < count; i++) {
      tokens[i] = sampler.history().token(lease.length() + i);
    }
    return tokens;
  }

  KvLease lease() {
    return lease;
  }

  /** Guesses a token; returns whether to go on. */
  boolean guess(StepOutput output, int row) {
    int token;
    try {
      token =
          sampler.isArgMax() && Float.isFinite(output.logSumExp(row))
              ? output.argMax(row)
              : sampler.propose(output.logits(row), 0, draft.nextDistribution());
    } catch (LogitsException e) {
      return false; // whether the generation can go on is for its own model to say
    }
    if (!decoding.isInVocabulary(token)) {
      return false;
    }
    if (sampler.isGreedy()) {
      draft.add(token);
    } else {
      draft.addDrawn(token);
    }
    sampler.accept(token);
    return draft.size() < limit && !decoding.endsWith(token);
  }

  @Override
  public void close() {
    lease.close();
  }
}
