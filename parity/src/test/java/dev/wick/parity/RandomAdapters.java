package dev.wick.parity;

import dev.wick.engine.model.LanguageModel;
import dev.wick.engine.model.Linear;
import dev.wick.engine.model.LowRank;
import dev.wick.engine.tensor.HostTensor;
import dev.wick.lora.peft.PeftAdapter;
import dev.wick.lora.peft.PeftConfig;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.function.Predicate;

/** Adapters of random numbers, strong enough to change what a model says. */
final class RandomAdapters {
  private static final int RANK = 4;
  private static final int ALPHA = 8;

  private RandomAdapters() {}

  /** An adapter of the linears whose names are wanted. */
  static PeftAdapter of(
      LanguageModel model, Predicate<String> wanted, double deviation, long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    Map<String, LowRank> deltas = new LinkedHashMap<>();
    for (Linear linear : model.forwardPass().linears()) {
      if (wanted.test(linear.name())) {
        deltas.put(
            linear.name(),
            new LowRank(
                numbers(random, deviation, RANK, linear.in()),
                numbers(random, deviation, linear.out(), RANK),
                (float) ALPHA / RANK));
      }
    }
    PeftConfig config =
        PeftConfig.builder(RANK, ALPHA)
            .targetModules(deltas.keySet().toArray(String[]::new))
            .build();
    return PeftAdapter.of("random", config, deltas, Map.of());
  }

  private static HostTensor numbers(
      SplittableRandom random, double deviation, long rows, long columns) {
    float[] values = new float[Math.toIntExact(rows * columns)];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) (deviation * random.nextGaussian());
    }
    return HostTensor.of(values, rows, columns);
  }
}
