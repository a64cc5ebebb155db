package dev.wick.streaming.sampling;

import java.util.Map;

/**
 * Adds a number to the scores of chosen tokens. An id beyond the vocabulary is ignored.
 *
 * @param biases bias by token id; finite, or minus infinity to forbid the token
 */
public record LogitBias(Map<Integer, Float> biases) implements LogitsProcessor {
  /** Copies the map and checks its values. */
  public LogitBias {
    biases = Map.copyOf(biases);
    biases.forEach(
        (id, bias) -> {
          Arguments.require(id >= 0, "logit_bias", "token ids of at least 0", id);
          Arguments.require(
              bias < Float.POSITIVE_INFINITY,
              "logit_bias",
              "a finite number or minus infinity",
              bias);
        });
  }

  @Override
  public void process(Candidates candidates, TokenHistory history) {
    for (Map.Entry<Integer, Float> entry : biases.entrySet()) {
      int index = candidates.indexOf(entry.getKey());
      if (index >= 0) {
        candidates.setScore(index, candidates.score(index) + entry.getValue());
      }
    }
  }
}
