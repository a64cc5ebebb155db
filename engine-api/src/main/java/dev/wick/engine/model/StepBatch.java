package dev.wick.engine.model;

import java.util.List;

/**
 * The input of one step: a flat run of tokens that belong to several sequences, never padded.
 * Immutable.
 */
public final class StepBatch {
  private final int[] tokens;
  private final List<Sequence> sequences;
  private final int logitRows;

  /**
   * A batch.
   *
   * @param tokens token ids, the rows of the first sequence first
   * @param sequences whose rows together are all tokens
   * @throws IllegalArgumentException if the rows do not add up, or a lease occurs twice
   */
  public StepBatch(int[] tokens, List<Sequence> sequences) {
    this.tokens = tokens.clone();
    this.sequences = List.copyOf(sequences);
    int rows = 0;
    int wanted = 0;
    for (int i = 0; i < this.sequences.size(); i++) {
      rows += this.sequences.get(i).rows();
      wanted += this.sequences.get(i).logitRows();
      for (int j = 0; j < i; j++) {
        if (this.sequences.get(i).lease() == this.sequences.get(j).lease()) {
          throw new IllegalArgumentException(
              "step: expected one lease per sequence, got one twice");
        }
      }
    }
    if (rows != tokens.length || rows == 0) {
      throw new IllegalArgumentException(
          "step: expected at least one token and as many as rows, got %d tokens and %d rows"
              .formatted(tokens.length, rows));
    }
    this.logitRows = wanted;
  }

  /** A batch of one sequence without adapters. */
  public static StepBatch of(KvLease lease, Logits logits, int... tokens) {
    return new StepBatch(tokens, List.of(new Sequence(tokens.length, lease, logits, List.of())));
  }

  /** Number of tokens. */
  public int rows() {
    return tokens.length;
  }

  /** The token of a row. */
  public int token(int row) {
    return tokens[row];
  }

  /** The sequences, in the order of their rows. */
  public List<Sequence> sequences() {
    return sequences;
  }

  /** Number of rows that want logits. */
  public int logitRows() {
    return logitRows;
  }

  /** Which rows of a sequence want logits. */
  public enum Logits {
    /** None: a part of a prompt that goes on. */
    NONE,
    /** The last row, from which the next token is chosen. */
    LAST,
    /** Every row. */
    ALL
  }

  /**
   * A sequence's part of a step.
   *
   * @param rows number of tokens; the first has position {@code lease.length()}
   * @param lease where its past is, and where these tokens are appended
   * @param logits which rows want logits
   * @param adapters what is added to the base model for this sequence
   */
  public record Sequence(int rows, KvLease lease, Logits logits, List<AdapterUse> adapters) {
    public Sequence {
      adapters = List.copyOf(adapters);
      if (rows < 1) {
        throw new IllegalArgumentException("step: expected at least one row, got " + rows);
      }
    }

    /** Number of rows that want logits. */
    public int logitRows() {
      return switch (logits) {
        case NONE -> 0;
        case LAST -> 1;
        case ALL -> rows;
      };
    }
  }
}
