package dev.wick.cli;

import dev.wick.engine.model.AdapterUse;
import dev.wick.engine.model.KvLease;
import dev.wick.engine.model.LanguageModel;
import dev.wick.engine.model.StepBatch;
import dev.wick.engine.model.StepBatch.Logits;
import dev.wick.engine.model.StepOutput;
import java.util.Arrays;
import java.util.List;

/**
 * How well a model foretells a text: windows one behind the other, each with a context of its own,
 * of which the second half counts. These are the windows of {@code llama-perplexity}, so that the
 * numbers can be compared.
 */
final class Perplexity {
  /** Fewer have no token that counts and has a few before it. */
  static final int MIN_WINDOW = 4;

  /** Most bytes of logits in memory at a time; a step computes at least one row. */
  private static final long STEP_BYTES = 64L << 20;

  /** More rows in a step do not make it faster. */
  private static final int MAX_STEP_ROWS = 256;

  private final LanguageModel model;
  private final List<AdapterUse> adapters;
  private final int window;
  private final int stepRows;
  private final StepOutput output = new StepOutput();
  private long count;
  private double sum;
  private double sumOfSquares;

  /**
   * A measurement without windows yet.
   *
   * @param window tokens per window, from {@link #MIN_WINDOW} to the context length
   */
  Perplexity(LanguageModel model, List<AdapterUse> adapters, int window) {
    this.model = model;
    this.adapters = adapters;
    this.window = window;
    long rowBytes = (long) Float.BYTES * model.info().vocabSize();
    this.stepRows = Math.clamp(STEP_BYTES / rowBytes, 1, MAX_STEP_ROWS);
  }

  /** Adds the window that begins at a token. */
  void add(int[] tokens, int begin) {
    int first = window / 2;
    try (KvLease lease = model.kvPool().lease()) {
      step(lease, Logits.NONE, Arrays.copyOfRange(tokens, begin, begin + first));
      for (int at = first; at < window - 1; at += stepRows) {
        int rows = Math.min(stepRows, window - 1 - at);
        step(lease, Logits.ALL, Arrays.copyOfRange(tokens, begin + at, begin + at + rows));
        for (int row = 0; row < rows; row++) {
          add(row, tokens[begin + at + row + 1]);
        }
      }
    }
  }

  private void step(KvLease lease, Logits logits, int[] tokens) {
    StepBatch.Sequence sequence = new StepBatch.Sequence(tokens.length, lease, logits, adapters);
    model.step(new StepBatch(tokens, List.of(sequence)), output);
  }

  private void add(int row, int next) {
    double loss = (double) output.logSumExp(row) - output.logits(row)[next];
    count++;
    sum += loss;
    sumOfSquares += loss * loss;
  }

  /** Tokens that were foretold. */
  long count() {
    return count;
  }

  /** {@code exp} of the mean loss. */
  double value() {
    return Math.exp(sum / count);
  }

  /** Standard error of {@link #value}, taking losses as independent. */
  double error() {
    double mean = sum / count;
    double variance = sumOfSquares / count - mean * mean;
    return variance > 0 && count > 1 ? Math.sqrt(variance / (count - 1)) * value() : 0;
  }
}
