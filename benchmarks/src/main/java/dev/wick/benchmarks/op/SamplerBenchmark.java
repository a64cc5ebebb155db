package dev.wick.benchmarks.op;

import dev.wick.streaming.sampling.Sampler;
import dev.wick.streaming.sampling.SamplingOptions;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/** Picking a token from the logits of Qwen2.5's vocabulary. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
public class SamplerBenchmark {
  private static final int VOCAB = 151_936;

  @Param({"GREEDY", "DEFAULTS", "TOP_P"})
  Kind kind;

  private final float[] logits = new float[VOCAB];
  private final float[] work = new float[VOCAB];
  private Sampler sampler;

  /** Draws logits of a plausible spread. */
  @Setup(Level.Trial)
  public void draw() {
    SplittableRandom random = new SplittableRandom(1);
    for (int i = 0; i < VOCAB; i++) {
      logits[i] = (float) (3 * random.nextGaussian());
    }
    SamplingOptions options =
        switch (kind) {
          case GREEDY -> SamplingOptions.builder().temperature(0).build();
          case DEFAULTS ->
              SamplingOptions.builder()
                  .temperature(0.7)
                  .topK(20)
                  .topP(0.8)
                  .repetitionPenalty(1.05)
                  .seed(1)
                  .build();
          case TOP_P -> SamplingOptions.builder().temperature(1).topP(0.95).seed(1).build();
        };
    sampler = new Sampler(options, VOCAB);
    sampler.begin(new int[] {1, 2, 3});
  }

  /** Every processor and the draw; the sampler may change the logits, so that it gets a copy. */
  @Benchmark
  public int sample() {
    System.arraycopy(logits, 0, work, 0, VOCAB);
    return sampler.sample(work, 0);
  }

  /** What is measured. */
  public enum Kind {
    /** The largest logit. */
    GREEDY,
    /** What Qwen2.5's generation_config.json asks for. */
    DEFAULTS,
    /** Nucleus sampling over the whole vocabulary. */
    TOP_P
  }
}
