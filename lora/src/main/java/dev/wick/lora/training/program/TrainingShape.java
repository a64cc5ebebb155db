package dev.wick.lora.training.program;

import dev.wick.lora.training.data.Example;
import dev.wick.lora.training.data.MicroBatch;

/**
 * The shape of a program that trains: programs are traced for few shapes, and micro-batches filled
 * up to the next.
 *
 * @param tokens rows of the forward pass
 * @param labels rows that have a label
 */
public record TrainingShape(int tokens, int labels) {
  private static final int STEP = 32;

  /** The shape into which a micro-batch fits. */
  public static TrainingShape of(MicroBatch batch) {
    int tokens = 0;
    for (Example example : batch.examples()) {
      tokens += inputs(example);
    }
    return new TrainingShape(roundedUp(tokens), roundedUp(batch.learned()));
  }

  /** How many tokens of an example have an influence: those before the last that is learned. */
  public static int inputs(Example example) {
    int last = example.length() - 1;
    while (last > 0 && example.label(last) == Example.NOT_LEARNED) {
      last--;
    }
    return last;
  }

  private static int roundedUp(int count) {
    return Math.max(STEP, Math.ceilDiv(count, STEP) * STEP);
  }
}
