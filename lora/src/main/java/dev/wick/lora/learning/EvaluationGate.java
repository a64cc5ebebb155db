package dev.wick.lora.learning;

/** Decides whether a candidate takes the place of the version in use. Thread-safe. */
@FunctionalInterface
public interface EvaluationGate {
  /** Whether the candidate is published. */
  boolean accepts(Comparison comparison);

  /**
   * A gate that asks for a smaller loss on held-out events.
   *
   * @param minImprovement by how much, at least; a loss that is not finite never passes
   */
  static EvaluationGate improvingBy(double minImprovement) {
    return comparison ->
        Double.isFinite(comparison.candidateLoss())
            && comparison.improvement() > 0
            && comparison.improvement() >= minImprovement;
  }
}
