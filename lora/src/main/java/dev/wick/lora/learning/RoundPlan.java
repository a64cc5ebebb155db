package dev.wick.lora.learning;

import dev.wick.lora.training.TrainingConfig;
import dev.wick.lora.training.data.Example;
import dev.wick.lora.training.data.MicroBatch;
import dev.wick.lora.training.data.TrainingData;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;

/** The steps of a round, as many as its settings want and its budget allows. */
final class RoundPlan {
  private RoundPlan() {}

  /** The micro-batches of each step. */
  static List<List<MicroBatch>> steps(
      List<Example> examples, TrainingConfig training, LearningBudget budget, long seed) {
    TrainingData data = TrainingData.of(examples);
    SplittableRandom random = new SplittableRandom(seed);
    boolean byEpochs = training.steps() == 0;
    long most = byEpochs ? budget.maxSteps() : Math.min(budget.maxSteps(), training.steps());
    long tokens = 0;
    List<List<MicroBatch>> steps = new ArrayList<>();
    for (int epoch = 0; !byEpochs || epoch < training.epochs(); epoch++) {
      List<MicroBatch> batches =
          training.shuffle()
              ? data.shuffledBatches(training.batchSize(), training.packedLength(), random)
              : data.batches(training.batchSize(), training.packedLength());
      int each = training.gradientAccumulation();
      for (int begin = 0; begin < batches.size(); begin += each) {
        List<MicroBatch> step = batches.subList(begin, Math.min(begin + each, batches.size()));
        tokens += step.stream().mapToLong(MicroBatch::tokens).sum();
        if (steps.size() == most || tokens > budget.maxTokens()) {
          return steps;
        }
        steps.add(step);
      }
    }
    return steps;
  }
}
