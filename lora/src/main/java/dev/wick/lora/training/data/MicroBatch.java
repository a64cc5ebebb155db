package dev.wick.lora.training.data;

import java.util.List;

/**
 * Sequences whose gradients are computed together. They are laid one after the other, never padded
 * to one length, and none sees another.
 */
public record MicroBatch(List<Example> examples) {
  public MicroBatch {
    examples = List.copyOf(examples);
    if (examples.isEmpty()) {
      throw new IllegalArgumentException("micro-batch: expected at least one example, got none");
    }
  }

  /** Number of tokens. */
  public int tokens() {
    return examples.stream().mapToInt(Example::length).sum();
  }

  /** Number of tokens that are learned. */
  public int learned() {
    return examples.stream().mapToInt(Example::learned).sum();
  }

  /** The tokens that are learned, each counted with the weight of its example. */
  public double learnedWeight() {
    return examples.stream()
        .mapToDouble(example -> (double) example.weight() * example.learned())
        .sum();
  }
}
