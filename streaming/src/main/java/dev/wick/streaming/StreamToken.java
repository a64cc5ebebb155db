package dev.wick.streaming;

import java.util.List;
import java.util.Objects;
import java.util.Optional;

/**
 * One generated token. Logit and probabilities are the model's own, before penalties, temperature
 * and truncation.
 *
 * @param index counts the generated tokens from 0
 * @param id token id
 * @param text the text that became certain with this token, which may be empty or belong in part to
 *     earlier ones: half a character waits for its other half, and what may be the beginning of a
 *     stop string waits until it is known. The texts of all tokens together are the completion
 * @param logit as the model computed it
 * @param logProbability natural logarithm of the probability under the model
 * @param alternatives the most probable tokens in descending order, as many as the request asks for
 * @param endOfSequence whether the id is one that ends a sequence
 * @param finishReason present on the last token only
 * @param elapsedNanos nanoseconds since the generation began
 */
public record StreamToken(
    int index,
    int id,
    String text,
    float logit,
    float logProbability,
    List<TokenAlternative> alternatives,
    boolean endOfSequence,
    Optional<FinishReason> finishReason,
    long elapsedNanos) {
  /** Copies the alternatives. */
  public StreamToken {
    Objects.requireNonNull(text, "text");
    Objects.requireNonNull(finishReason, "finishReason");
    alternatives = List.copyOf(alternatives);
  }

  /** Probability under the model, from 0 to 1. */
  public double probability() {
    return Math.exp(logProbability);
  }
}
