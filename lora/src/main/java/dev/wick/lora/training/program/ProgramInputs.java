package dev.wick.lora.training.program;

import dev.wick.engine.op.Expr;
import dev.wick.lora.training.data.Example;
import dev.wick.lora.training.data.MicroBatch;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/**
 * The integers of a micro-batch in one piece: tokens, positions, the first row of each token's
 * sequence, then the labelled rows and their labels. What fills the batch up to the shape is tokens
 * that stand alone and labels that do not count.
 */
final class ProgramInputs {
  /** A label that CrossEntropy does not count. */
  private static final int NO_LABEL = -1;

  private final TrainingShape shape;

  ProgramInputs(TrainingShape shape) {
    this.shape = shape;
  }

  /** Number of integers. */
  int length() {
    return 3 * shape.tokens() + 2 * shape.labels();
  }

  Expr tokens(Expr all) {
    return all.slice(0, 0, shape.tokens());
  }

  Expr positions(Expr all) {
    return all.slice(0, shape.tokens(), 2L * shape.tokens());
  }

  Expr firstRows(Expr all) {
    return all.slice(0, 2L * shape.tokens(), 3L * shape.tokens());
  }

  /** The rows that have the labels {@code from} to {@code to}. */
  Expr rows(Expr all, int from, int to) {
    long begin = 3L * shape.tokens();
    return all.slice(0, begin + from, begin + to);
  }

  Expr labels(Expr all, int from, int to) {
    long begin = 3L * shape.tokens() + shape.labels();
    return all.slice(0, begin + from, begin + to);
  }

  /** The integers of a micro-batch. */
  int[] integers(MicroBatch batch) {
    int[] all = new int[length()];
    int tokens = shape.tokens();
    int row = 0;
    int label = 3 * tokens;
    for (Example example : batch.examples()) {
      int inputs = TrainingShape.inputs(example);
      int first = row;
      for (int i = 0; i < inputs; i++, row++) {
        all[row] = example.id(i);
        all[tokens + row] = i;
        all[2 * tokens + row] = first;
        int next = example.label(i + 1);
        if (next != Example.NOT_LEARNED) {
          all[label] = row;
          all[label + shape.labels()] = next;
          label++;
        }
      }
    }
    for (; row < tokens; row++) {
      all[2 * tokens + row] = row;
    }
    for (; label < 3 * tokens + shape.labels(); label++) {
      all[label + shape.labels()] = NO_LABEL;
    }
    return all;
  }

  /**
   * Factors on the losses of the labelled rows: the same for all but for the weights of their
   * examples, and 0 for those filled up.
   */
  MemorySegment weights(MicroBatch batch, double weight) {
    float[] weights = new float[shape.labels()];
    int begin = 0;
    for (Example example : batch.examples()) {
      int end = begin + example.learned();
      Arrays.fill(weights, begin, end, (float) (weight * example.weight()));
      begin = end;
    }
    return MemorySegment.ofArray(weights);
  }
}
