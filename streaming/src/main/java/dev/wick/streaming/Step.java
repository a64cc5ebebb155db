package dev.wick.streaming;

import dev.wick.engine.model.LanguageModel;
import dev.wick.engine.model.StepBatch;
import dev.wick.engine.model.StepOutput;
import dev.wick.streaming.sampling.SamplingScratch;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Computes a step for several generations and picks their tokens. One thread at a time. */
final class Step {
  private final LanguageModel model;
  private final StepOutput output = new StepOutput();
  private final SamplingScratch scratch;

  Step(LanguageModel model) {
    this.model = model;
    this.scratch = new SamplingScratch(model.info().vocabSize());
  }

  /** Where samplers work while a step is computed. */
  SamplingScratch scratch() {
    return scratch;
  }

  /**
   * Computes a step. A failure ends the generations that cause it and no other: if the step of
   * several fails, each is tried alone.
   */
  void run(List<Generation> batch) {
    Throwable failure = compute(batch);
    if (failure == null) {
      accept(batch);
    } else if (batch.size() == 1 || failure instanceof Error) {
      batch.forEach(generation -> generation.breakOff(failure));
    } else {
      batch.forEach(Generation::rewind);
      batch.forEach(generation -> run(List.of(generation)));
    }
  }

  private @Nullable Throwable compute(List<Generation> batch) {
    try {
      model.step(batchOf(batch), output);
      return null;
    } catch (RuntimeException | Error e) {
      return e; // whatever it is, those who wait for this step must hear of it
    }
  }

  private static StepBatch batchOf(List<Generation> batch) {
    int rows = 0;
    for (Generation generation : batch) {
      rows += generation.rows();
    }
    int[] tokens = new int[rows];
    List<StepBatch.Sequence> sequences = new ArrayList<>(batch.size());
    int row = 0;
    for (Generation generation : batch) {
      StepBatch.Sequence sequence = generation.sequence();
      int from = generation.lease().length();
      for (int i = 0; i < sequence.rows(); i++) {
        tokens[row++] = generation.decoding().token(from + i);
      }
      sequences.add(sequence);
    }
    return new StepBatch(tokens, sequences);
  }

  /** After the step the cache has all tokens of those sequences that asked for logits. */
  private void accept(List<Generation> batch) {
    int row = 0;
    for (Generation generation : batch) {
      if (generation.pending() == 0) {
        generation.accept(output, row++);
      }
    }
  }
}
