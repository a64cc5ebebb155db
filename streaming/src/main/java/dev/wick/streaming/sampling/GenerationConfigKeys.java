package dev.wick.streaming.sampling;

import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The keys of {@code generation_config.json} that concern sampling. */
final class GenerationConfigKeys {
  /**
   * What {@code GenerationConfig} of transformers uses when the file samples and names no {@code
   * top_k}.
   */
  private static final int DEFAULT_TOP_K = 50;

  private GenerationConfigKeys() {}

  static SamplingOptions read(Map<String, Object> config) {
    boolean sample = bool(config, "do_sample");
    return SamplingOptions.builder()
        .temperature(sample ? number(config, "temperature", 1) : 0)
        .topK(integer(config, "top_k", sample ? DEFAULT_TOP_K : 0))
        .topP(number(config, "top_p", 1))
        .minP(number(config, "min_p", 0))
        .typicalP(number(config, "typical_p", 1))
        .repetitionPenalty(number(config, "repetition_penalty", 1))
        .presencePenalty(number(config, "presence_penalty", 0))
        .frequencyPenalty(number(config, "frequency_penalty", 0))
        .noRepeatNgramSize(integer(config, "no_repeat_ngram_size", 0))
        .build();
  }

  private static boolean bool(Map<String, Object> config, String key) {
    @Nullable Object value = config.get(key);
    if (value == null) {
      return false;
    }
    if (value instanceof Boolean bool) {
      return bool;
    }
    throw wrongType(key, "true or false", value);
  }

  private static double number(Map<String, Object> config, String key, double absent) {
    @Nullable Object value = config.get(key);
    if (value == null) {
      return absent;
    }
    if (value instanceof Number number) {
      return number.doubleValue();
    }
    throw wrongType(key, "a number", value);
  }

  private static int integer(Map<String, Object> config, String key, int absent) {
    double value = number(config, key, absent);
    if (value != (int) value) {
      throw wrongType(key, "an integer", value);
    }
    return (int) value;
  }

  private static IllegalArgumentException wrongType(String key, String expected, Object value) {
    return new IllegalArgumentException(
        "generation_config.json: expected %s for '%s', got %s".formatted(expected, key, value));
  }
}
