package dev.wick.streaming.sampling;

import java.util.List;
import java.util.concurrent.ThreadLocalRandom;

/**
 * Picks the tokens of one sequence, one step after the other.
 *
 * <p>Owns its history and its random numbers (SplitMix64, so that a seed means the same on every
 * Java release) and works in the arrays of a {@link SamplingScratch}. A step in steady state
 * allocates nothing; a greedy step without penalties computes no exponential and needs no scratch.
 * One thread at a time.
 */
public final class Sampler {
  private final List<LogitsProcessor> processors;
  private final boolean greedy;
  private final long seed;
  private final int vocabSize;
  private final TokenHistory history = new TokenHistory();
  private final SplitMix64 random = new SplitMix64();
  private final SamplingScratch scratch;
  private int step;

  /** A sampler with the processors, the way of picking and the seed of {@code options}. */
  public Sampler(SamplingOptions options, int vocabSize) {
    this(options, new SamplingScratch(vocabSize));
  }

  /** A sampler with {@code options} that works in arrays which others have used before. */
  public Sampler(SamplingOptions options, SamplingScratch scratch) {
    this(
        options.processors(),
        options.isGreedy(),
        options.seed().orElseGet(() -> ThreadLocalRandom.current().nextLong()),
        scratch);
  }

  /**
   * A sampler with processors of one's own, applied in the order of the list.
   *
   * @param greedy whether the largest processed score is picked, instead of sampling from their
   *     softmax
   * @param scratch where to work; it knows how many entries a row of logits has
   */
  public Sampler(
      List<LogitsProcessor> processors, boolean greedy, long seed, SamplingScratch scratch) {
    this.processors = List.copyOf(processors);
    this.greedy = greedy;
    this.seed = seed;
    this.scratch = scratch;
    this.vocabSize = scratch.vocabSize();
    random.seed(seed);
  }

  /** Forgets everything, starts the random numbers again and puts the prompt into the history. */
  public void begin(int[] prompt) {
    history.clear();
    random.seed(seed);
    step = 0;
    for (int token : prompt) {
      history.addPrompt(token);
    }
  }

  /** Puts a token of the prompt into the history, in front of all generated ones. */
  public void acceptPrompt(int token) {
    history.addPrompt(token);
  }

  /** Puts a generated token into the history. */
  public void accept(int token) {
    history.addGenerated(token);
    step++;
  }

  /** Takes generated tokens back, the last first. */
  public void retract(int tokens) {
    for (int i = 0; i < tokens; i++) {
      history.removeGenerated();
      step--;
    }
  }

  /** Whether the largest processed score is picked, without chance. */
  public boolean isGreedy() {
    return greedy;
  }

  /** Whether every step picks the largest logit, so that a model's own arg max will do. */
  public boolean isArgMax() {
    return greedy && processors.isEmpty();
  }

  /**
   * The ids of the largest logits in descending order, the lower id first among equals.
   *
   * @param logits [vocabSize]
   * @param count how many, at most as many as there are logits
   */
  public static int[] largest(float[] logits, int count) {
    int[] ids = new int[Math.min(count, logits.length)];
    LargestScores.indices(logits, 0, logits.length, ids);
    return ids;
  }

  /** The tokens so far. */
  public TokenHistory history() {
    return history;
  }

  /** The seed in use: the one of the options, or the one that was drawn. */
  public long seed() {
    return seed;
  }

  /**
   * Picks the next token; {@link #accept} is left to the caller.
   *
   * @param logits holds the row [vocabSize], which is not changed
   * @param offset where in {@code logits} the row begins
   * @throws LogitsException if the row holds NaN or +infinity, or if no token is possible
   */
  public int sample(float[] logits, int offset) {
    float max = checkedMax(logits, offset);
    if (greedy && processors.isEmpty()) {
      return Exponentials.indexOf(logits, offset, vocabSize, max);
    }
    Candidates possible = processChecked(logits, offset);
    return possible.id(greedy ? possible.argMax() : possible.pick(random.nextDouble()));
  }

  /**
   * Picks a token as {@link #sample} does, as a guess at what another model will pick.
   *
   * @param drawnFrom told from which distribution, unless the sampler is greedy
   * @throws LogitsException as {@link #sample} does
   */
  public int propose(float[] logits, int offset, DraftDistribution drawnFrom) {
    if (greedy) {
      return sample(logits, offset);
    }
    checkedMax(logits, offset);
    Candidates possible = processChecked(logits, offset);
    drawnFrom.keep(possible);
    return possible.id(possible.pick(random.nextDouble()));
  }

  /**
   * Picks the next token where another one was guessed: the guess if it can be kept, so that the
   * result is distributed as that of {@link #sample}. Rejection sampling (Leviathan et al. 2022,
   * arXiv:2211.17192; Chen et al. 2023, arXiv:2302.01318): with probability p of a token here and q
   * where it was drawn, the guess is kept with probability {@code min(1, p / q)}, and else a token
   * picked in proportion to {@code max(0, p - q)}, which is never the guess.
   *
   * @param guess what was drawn
   * @param drawnFrom where it was drawn from
   * @throws LogitsException as {@link #sample} does
   */
  public int verify(float[] logits, int offset, int guess, DraftDistribution drawnFrom) {
    if (greedy) {
      return sample(logits, offset);
    }
    checkedMax(logits, offset);
    Candidates possible = processChecked(logits, offset);
    int index = possible.indexOf(guess);
    double probability = index < 0 ? 0 : possible.probability(index);
    if (random.nextDouble() * drawnFrom.probability(guess) < probability) {
      return guess;
    }
    return possible.id(possible.pickBeyond(drawnFrom, random.nextDouble()));
  }

  /**
   * The distribution of the next step, without picking: the possible tokens, all with a finite
   * score. Valid until the next call.
   *
   * @throws LogitsException as {@link #sample} does
   */
  public Candidates process(float[] logits, int offset) {
    checkedMax(logits, offset);
    Candidates possible = processChecked(logits, offset);
    possible.dropImpossible();
    return possible;
  }

  private Candidates processChecked(float[] logits, int offset) {
    Candidates possible = scratch.candidates();
    possible.load(logits, offset);
    for (int i = 0; i < processors.size(); i++) {
      processors.get(i).process(possible, history);
    }
    float max = possible.maxScore();
    if (!(max > Float.NEGATIVE_INFINITY && max < Float.POSITIVE_INFINITY)) {
      throw new LogitsException(
          step,
          max == Float.NEGATIVE_INFINITY
              ? "sample: expected a token that may follow in step %d, got none: the processors %s forbid all"
                  .formatted(step, processors)
              : "sample: expected finite scores in step %d, got %s after the processors %s"
                  .formatted(step, max, processors));
    }
    return possible;
  }

  private float checkedMax(float[] logits, int offset) {
    if (offset < 0 || logits.length - offset < vocabSize) {
      throw new IllegalArgumentException(
          "sample: expected %d logits from offset %d, got an array of %d"
              .formatted(vocabSize, offset, logits.length));
    }
    float max = Exponentials.max(logits, offset, vocabSize);
    if (max > Float.NEGATIVE_INFINITY && max < Float.POSITIVE_INFINITY) {
      return max;
    }
    throw new LogitsException(step, describe(logits, offset, max));
  }

  private String describe(float[] logits, int offset, float max) {
    if (max == Float.NEGATIVE_INFINITY) {
      return "sample: expected a token that may follow in step %d, got minus infinity for all %d logits"
          .formatted(step, vocabSize);
    }
    int first = -1;
    int count = 0;
    for (int i = 0; i < vocabSize; i++) {
      float logit = logits[offset + i];
      if (!(logit < Float.POSITIVE_INFINITY)) {
        first = first < 0 ? i : first;
        count++;
      }
    }
    return "sample: expected finite logits in step %d, got %s for token %d (%d of %d logits are not finite); check the"
            .formatted(step, logits[offset + first], first, count, vocabSize)
        + " weights of the model and of its adapters";
  }
}
