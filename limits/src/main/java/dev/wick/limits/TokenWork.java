package dev.wick.limits;

import dev.wick.engine.model.LanguageModel;
import dev.wick.engine.model.Linear;
import dev.wick.engine.model.Parameter;
import java.util.List;
import java.util.Optional;

/**
 * What one token asks of a machine, attention aside: the least that it must read and compute.
 *
 * @param bytesRead of weights when decoding a single sequence, each weight once
 * @param operations of products when prefilling, a multiplication and an addition being two; logits
 *     are not counted, since only the last token of a prompt has them
 */
public record TokenWork(long bytesRead, double operations) {
  private static final String OUTPUT = "lm_head";

  /** The work of a dense model; empty for a mixture of experts, where it depends on the token. */
  public static Optional<TokenWork> of(LanguageModel model) {
    List<Linear> linears = model.forwardPass().linears();
    if (linears.stream().anyMatch(Linear::routed)) {
      return Optional.empty();
    }
    long bytes =
        linears.stream().map(Linear::weight).distinct().mapToLong(TokenWork::byteSize).sum();
    double elements =
        linears.stream()
            .filter(linear -> !linear.name().equals(OUTPUT))
            .mapToDouble(linear -> (double) linear.in() * linear.out())
            .sum();
    return Optional.of(new TokenWork(bytes, 2 * elements));
  }

  private static long byteSize(Parameter parameter) {
    return parameter.tensor().spec().byteSize();
  }
}
