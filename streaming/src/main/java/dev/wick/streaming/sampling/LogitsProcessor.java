package dev.wick.streaming.sampling;

/**
 * One step between the logits of a model and the distribution that is sampled: it changes scores or
 * removes candidates.
 *
 * <p>A processor is a value without state of its own; what a step needs to know about the past is
 * in the history. {@link SamplingOptions#processors()} composes the provided ones in the order of
 * Hugging Face; a list of one's own goes to a constructor of {@link Sampler}.
 */
@FunctionalInterface
public interface LogitsProcessor {
  /**
   * Processes the candidates of one step.
   *
   * @param candidates the tokens still possible with their scores, changed in place
   * @param history the tokens so far: prompt, then generated
   */
  void process(Candidates candidates, TokenHistory history);
}
