package dev.wick.lora.training;

import dev.wick.lora.training.data.Example;
import dev.wick.lora.training.data.TrainingData;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;

/** Sequences with a rule that can be learned: each token is the last plus one or plus two. */
final class ToyData {
  private ToyData() {}

  static TrainingData sequences(int count, long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    List<Example> examples = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      int[] ids = new int[random.nextInt(6, 14)];
      boolean[] learned = new boolean[ids.length];
      ids[0] = random.nextInt(ToyModel.VOCABULARY);
      for (int t = 1; t < ids.length; t++) {
        ids[t] = (ids[t - 1] + 1 + random.nextInt(2)) % ToyModel.VOCABULARY;
        learned[t] = t > 2;
      }
      examples.add(Example.of(ids, learned));
    }
    return TrainingData.of(examples);
  }
}
