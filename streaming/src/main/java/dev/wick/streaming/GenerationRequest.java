package dev.wick.streaming;

import dev.wick.engine.model.AdapterUse;
import dev.wick.streaming.sampling.SamplingOptions;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * What to generate and when to stop. Immutable; may be run any number of times.
 *
 * @param prompt what to continue
 * @param sampling how tokens are picked
 * @param maxTokens most tokens to generate; empty for as many as the context has room for
 * @param stopStrings texts that end the generation and do not become part of it
 * @param stopTokenIds ids that end the sequence, besides those of the model
 * @param ignoreEndOfSequence whether to go on after an id that ends the sequence
 * @param topLogprobs how many alternatives each token comes with
 * @param skipSpecialTokens whether special tokens are left out of the text
 * @param adapters what is added to the base model for this request, each with its weight
 * @param defaultAdapter whether a request that names no adapters takes the default one of the model
 *     when it begins, if it has one; if not, it gets the base model
 * @param speculation how tokens are guessed; empty for what the generator does
 */
public record GenerationRequest(
    Prompt prompt,
    SamplingOptions sampling,
    OptionalInt maxTokens,
    List<String> stopStrings,
    List<Integer> stopTokenIds,
    boolean ignoreEndOfSequence,
    int topLogprobs,
    boolean skipSpecialTokens,
    List<AdapterUse> adapters,
    boolean defaultAdapter,
    Optional<Speculation> speculation) {
  /** Most alternatives that a token comes with. */
  public static final int MAX_TOP_LOGPROBS = 1000;

  /**
   * Checks and copies.
   *
   * @throws IllegalArgumentException naming the setting, what it may be and what it is
   */
  public GenerationRequest {
    Objects.requireNonNull(prompt, "prompt");
    Objects.requireNonNull(sampling, "sampling");
    Objects.requireNonNull(speculation, "speculation");
    stopStrings = List.copyOf(stopStrings);
    stopTokenIds = List.copyOf(stopTokenIds);
    adapters = List.copyOf(adapters);
    if (maxTokens.isPresent() && maxTokens.getAsInt() < 1) {
      throw new IllegalArgumentException(
          "max_tokens: expected at least 1, got " + maxTokens.getAsInt());
    }
    if (stopStrings.contains("")) {
      throw new IllegalArgumentException("stop: expected texts that are not empty, got ''");
    }
    if (topLogprobs < 0 || topLogprobs > MAX_TOP_LOGPROBS) {
      throw new IllegalArgumentException(
          "top_logprobs: expected 0 to %d, got %d".formatted(MAX_TOP_LOGPROBS, topLogprobs));
    }
  }

  /** A request that continues a text greedily. */
  public static GenerationRequest of(String prompt) {
    return builder(prompt).build();
  }

  /** A builder for a text prompt; greedy unless told otherwise. */
  public static Builder builder(String prompt) {
    return new Builder(Prompt.of(prompt));
  }

  /** A builder for any prompt; greedy unless told otherwise. */
  public static Builder builder(Prompt prompt) {
    return new Builder(prompt);
  }

  /** Collects settings; see the components of {@link GenerationRequest}. Not thread-safe. */
  public static final class Builder {
    private final Prompt prompt;
    private SamplingOptions sampling = SamplingOptions.greedy();
    private OptionalInt maxTokens = OptionalInt.empty();
    private final List<String> stopStrings = new ArrayList<>();
    private final List<Integer> stopTokenIds = new ArrayList<>();
    private boolean ignoreEndOfSequence;
    private int topLogprobs;
    private boolean skipSpecialTokens = true;
    private List<AdapterUse> adapters = List.of();
    private boolean defaultAdapter = true;
    private Optional<Speculation> speculation = Optional.empty();

    private Builder(Prompt prompt) {
      this.prompt = Objects.requireNonNull(prompt, "prompt");
    }

    /**
     * Takes over what a {@code generation_config.json} says: how to sample, {@code max_new_tokens}
     * and {@code eos_token_id}. Call it first, then change what should differ.
     *
     * @throws IllegalArgumentException if a value has the wrong type or is out of range
     */
    public Builder generationConfig(Map<String, Object> config) {
      sampling = SamplingOptions.from(config);
      maxTokens = GenerationConfig.maxNewTokens(config);
      stopTokenIds.addAll(GenerationConfig.endOfSequenceIds(config));
      return this;
    }

    /** How tokens are picked. */
    public Builder sampling(SamplingOptions value) {
      sampling = Objects.requireNonNull(value, "sampling");
      return this;
    }

    /** Seed of the random numbers; changes the sampling options set so far. */
    public Builder seed(long value) {
      sampling = sampling.toBuilder().seed(value).build();
      return this;
    }

    /** Most tokens to generate. */
    public Builder maxTokens(int value) {
      maxTokens = OptionalInt.of(value);
      return this;
    }

    /** Adds texts that end the generation. */
    public Builder stop(String... values) {
      stopStrings.addAll(List.of(values));
      return this;
    }

    /** Adds ids that end the sequence. */
    public Builder stopTokenIds(int... values) {
      for (int value : values) {
        stopTokenIds.add(value);
      }
      return this;
    }

    /** Goes on after ids that end the sequence. */
    public Builder ignoreEndOfSequence(boolean value) {
      ignoreEndOfSequence = value;
      return this;
    }

    /** How many alternatives each token comes with. */
    public Builder topLogprobs(int value) {
      topLogprobs = value;
      return this;
    }

    /** Whether special tokens are left out of the text; they are unless told otherwise. */
    public Builder skipSpecialTokens(boolean value) {
      skipSpecialTokens = value;
      return this;
    }

    /** What is added to the base model, each with its weight, instead of the model's default. */
    public Builder adapters(List<AdapterUse> value) {
      adapters = value;
      return this;
    }

    /** How tokens are guessed, instead of what the generator does. */
    public Builder speculation(Speculation value) {
      speculation = Optional.of(value);
      return this;
    }

    /**
     * Whether the model's default adapter is used if none is named; it is unless told otherwise.
     */
    public Builder defaultAdapter(boolean value) {
      defaultAdapter = value;
      return this;
    }

    /**
     * The request.
     *
     * @throws IllegalArgumentException if a setting is out of range
     */
    public GenerationRequest build() {
      return new GenerationRequest(
          prompt,
          sampling,
          maxTokens,
          stopStrings,
          stopTokenIds,
          ignoreEndOfSequence,
          topLogprobs,
          skipSpecialTokens,
          adapters,
          defaultAdapter,
          speculation);
    }
  }
}
