package dev.wick.streaming;

import dev.wick.engine.model.LanguageModel;
import dev.wick.engine.model.StepBatch;
import dev.wick.engine.model.StepOutput;
import dev.wick.streaming.sampling.SamplingScratch;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** The steps of a smaller model that guesses for several generations. One thread at a time. */
final class DraftSteps {
  private final LanguageModel model;
  private final int maxStep;
  private final StepOutput output = new StepOutput();
  private final SamplingScratch scratch;
  private final List<DraftSequence> guessing = new ArrayList<>();

  /**
   * Steps of a model.
   *
   * @param maxStep most tokens of a prompt in one of them
   */
  DraftSteps(LanguageModel model, int maxStep) {
    this.model = model;
    this.maxStep = maxStep;
    this.scratch = new SamplingScratch(model.info().vocabSize());
  }

  /** Guesses what comes next in each generation, a token of all per step. */
  void propose(List<Generation> generations) {
    guessing.clear();
    for (Generation generation : generations) {
      DraftSequence sequence = generation.draftSequence(model, scratch);
      if (sequence.catchUp(generation.guessLimit(), maxStep, output)) {
        guessing.add(sequence);
      }
    }
    while (true) {
      guessing.removeIf(sequence -> !sequence.reserve());
      if (guessing.isEmpty()) {
        return;
      }
      model.step(batch(), output);
      for (int row = guessing.size() - 1; row >= 0; row--) {
        if (!guessing.get(row).guess(output, row)) {
          guessing.remove(row);
        }
      }
    }
  }

  private StepBatch batch() {
    int[] tokens = new int[guessing.size()];
    int rows = 0;
    List<StepBatch.Sequence> sequences = new ArrayList<>(guessing.size());
    for (DraftSequence sequence : guessing) {
      int[] next = sequence.next();
      if (rows + next.length > tokens.length) {
        tokens = Arrays.copyOf(tokens, rows + next.length + guessing.size());
      }
      System.arraycopy(next, 0, tokens, rows, next.length);
      rows += next.length;
      sequences.add(
          new StepBatch.Sequence(next.length, sequence.lease(), StepBatch.Logits.LAST, List.of()));
    }
    return new StepBatch(Arrays.copyOf(tokens, rows), sequences);
  }
}
