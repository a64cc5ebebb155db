package dev.wick.streaming.sampling;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;

/**
 * How the next token is picked from the logits: the settings of Hugging Face's {@code
 * generation_config.json} that concern sampling, with its semantics, and the two penalties of the
 * OpenAI interface.
 *
 * @param temperature 0 picks greedily: the penalties, the n-gram rule and the bias then still hold,
 *     all else is ignored
 * @param topK 0 is off
 * @param topP 1 is off
 * @param minP 0 is off
 * @param typicalP 1 is off
 * @param repetitionPenalty 1 is off
 * @param presencePenalty 0 is off
 * @param frequencyPenalty 0 is off
 * @param noRepeatNgramSize 0 is off
 * @param logitBias bias by token id
 * @param minTokensToKeep how many tokens top-k, top-p, min-p and typical-p leave at least, 1 as a
 *     rule
 * @param seed same seed, logits and options: same tokens; empty for a seed that differs every time
 */
public record SamplingOptions(
    double temperature,
    int topK,
    double topP,
    double minP,
    double typicalP,
    double repetitionPenalty,
    double presencePenalty,
    double frequencyPenalty,
    int noRepeatNgramSize,
    Map<Integer, Float> logitBias,
    int minTokensToKeep,
    OptionalLong seed) {

  private static final SamplingOptions GREEDY = builder().temperature(0).build();

  /**
   * Checks the ranges and copies the map.
   *
   * @throws IllegalArgumentException naming the option, what it may be and what it is
   */
  public SamplingOptions {
    if (temperature != 0) {
      Arguments.require(
          (float) temperature > 0 && temperature <= Float.MAX_VALUE,
          "temperature",
          "a finite number of at least 0",
          temperature);
    }
    Arguments.require(topK >= 0, "top_k", "at least 0 (0 is off)", topK);
    Arguments.requireFraction("top_p", topP);
    Arguments.requireFraction("min_p", minP);
    Arguments.require(
        typicalP > 0 && typicalP <= 1, "typical_p", "a number above 0 and at most 1", typicalP);
    new RepetitionPenalty(repetitionPenalty);
    new PresenceFrequencyPenalty(presencePenalty, frequencyPenalty);
    Arguments.require(
        noRepeatNgramSize >= 0, "no_repeat_ngram_size", "at least 0 (0 is off)", noRepeatNgramSize);
    Arguments.requireMinTokensToKeep(minTokensToKeep);
    logitBias = new LogitBias(logitBias).biases();
  }

  /** Picks the token with the largest logit. */
  public static SamplingOptions greedy() {
    return GREEDY;
  }

  /** Samples from the model's own distribution: temperature 1, everything else off. */
  public static Builder builder() {
    return new Builder();
  }

  /**
   * The options of a {@code generation_config.json}, with Hugging Face's defaults for absent keys:
   * greedy unless {@code do_sample} is true, and then {@code top_k} 50. Keys that do not concern
   * sampling are ignored.
   *
   * @param generationConfig JSON as nested maps; empty if the model has no such file
   * @throws IllegalArgumentException if a value has the wrong type or is out of range
   */
  public static SamplingOptions from(Map<String, Object> generationConfig) {
    return GenerationConfigKeys.read(generationConfig);
  }

  /** Whether the largest score is picked, without chance. */
  public boolean isGreedy() {
    return temperature == 0;
  }

  /** The processors that these options ask for, in the order in which Hugging Face applies them. */
  public List<LogitsProcessor> processors() {
    List<LogitsProcessor> chain = new ArrayList<>();
    if (!logitBias.isEmpty()) {
      chain.add(new LogitBias(logitBias));
    }
    if (presencePenalty != 0 || frequencyPenalty != 0) {
      chain.add(new PresenceFrequencyPenalty(presencePenalty, frequencyPenalty));
    }
    if (repetitionPenalty != 1) {
      chain.add(new RepetitionPenalty(repetitionPenalty));
    }
    if (noRepeatNgramSize > 0) {
      chain.add(new NoRepeatNgram(noRepeatNgramSize));
    }
    if (isGreedy()) {
      return List.copyOf(chain);
    }
    if (temperature != 1) {
      chain.add(new Temperature(temperature));
    }
    if (topK > 0) {
      chain.add(new TopK(topK, minTokensToKeep));
    }
    if (topP < 1) {
      chain.add(new TopP(topP, minTokensToKeep));
    }
    if (minP > 0) {
      chain.add(new MinP(minP, minTokensToKeep));
    }
    if (typicalP < 1) {
      chain.add(new TypicalP(typicalP, minTokensToKeep));
    }
    return List.copyOf(chain);
  }

  /** A builder that starts with these options. */
  public Builder toBuilder() {
    return new Builder()
        .temperature(temperature)
        .topK(topK)
        .topP(topP)
        .minP(minP)
        .typicalP(typicalP)
        .repetitionPenalty(repetitionPenalty)
        .presencePenalty(presencePenalty)
        .frequencyPenalty(frequencyPenalty)
        .noRepeatNgramSize(noRepeatNgramSize)
        .logitBias(logitBias)
        .minTokensToKeep(minTokensToKeep)
        .seed(seed);
  }

  /** Collects options; see the components of {@link SamplingOptions}. Not thread-safe. */
  public static final class Builder {
    private double temperature = 1;
    private int topK;
    private double topP = 1;
    private double minP;
    private double typicalP = 1;
    private double repetitionPenalty = 1;
    private double presencePenalty;
    private double frequencyPenalty;
    private int noRepeatNgramSize;
    private Map<Integer, Float> logitBias = Map.of();
    private int minTokensToKeep = 1;
    private OptionalLong seed = OptionalLong.empty();

    private Builder() {}

    /** Divisor of the logits; 0 picks greedily. */
    public Builder temperature(double value) {
      temperature = value;
      return this;
    }

    /** Keeps this many largest logits; 0 is off. */
    public Builder topK(int value) {
      topK = value;
      return this;
    }

    /** Keeps the most probable tokens that hold this probability; 1 is off. */
    public Builder topP(double value) {
      topP = value;
      return this;
    }

    /** Keeps tokens with at least this fraction of the largest probability; 0 is off. */
    public Builder minP(double value) {
      minP = value;
      return this;
    }

    /** Keeps the most typical tokens that hold this probability; 1 is off. */
    public Builder typicalP(double value) {
      typicalP = value;
      return this;
    }

    /** Penalty on every token of prompt and text; 1 is off. */
    public Builder repetitionPenalty(double value) {
      repetitionPenalty = value;
      return this;
    }

    /** Subtracted from the logit of every generated token; 0 is off. */
    public Builder presencePenalty(double value) {
      presencePenalty = value;
      return this;
    }

    /** Subtracted from the logit of a generated token as often as it was generated; 0 is off. */
    public Builder frequencyPenalty(double value) {
      frequencyPenalty = value;
      return this;
    }

    /** Forbids to repeat sequences of this many tokens; 0 is off. */
    public Builder noRepeatNgramSize(int value) {
      noRepeatNgramSize = value;
      return this;
    }

    /** Numbers to add to the logits of chosen tokens; minus infinity forbids one. */
    public Builder logitBias(Map<Integer, Float> value) {
      logitBias = value;
      return this;
    }

    /** How many tokens the truncating processors leave at least. */
    public Builder minTokensToKeep(int value) {
      minTokensToKeep = value;
      return this;
    }

    /** Makes the choice of tokens repeatable. */
    public Builder seed(long value) {
      return seed(OptionalLong.of(value));
    }

    private Builder seed(OptionalLong value) {
      seed = value;
      return this;
    }

    /**
     * The options.
     *
     * @throws IllegalArgumentException if one is out of range
     */
    public SamplingOptions build() {
      return new SamplingOptions(
          temperature,
          topK,
          topP,
          minP,
          typicalP,
          repetitionPenalty,
          presencePenalty,
          frequencyPenalty,
          noRepeatNgramSize,
          logitBias,
          minTokensToKeep,
          seed);
    }
  }
}
