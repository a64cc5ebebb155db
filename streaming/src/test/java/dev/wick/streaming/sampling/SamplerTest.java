package dev.wick.streaming.sampling;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.wick.engine.tensor.EngineException;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

class SamplerTest {
  private static final float OUT = Float.NEGATIVE_INFINITY;

  @Test
  void sample_greedyTie_picksTheLowestId() {
    Sampler sampler = new Sampler(SamplingOptions.greedy(), 4);

    assertThat(sampler.sample(new float[] {9, 1, 3, 3, 2}, 1)).isEqualTo(1);
  }

  @Test
  void sample_greedyWithPenalty_picksFromTheProcessedScores() {
    Sampler sampler =
        new Sampler(
            SamplingOptions.builder().temperature(0).topK(1).repetitionPenalty(2).build(), 3);
    sampler.begin(new int[] {1});

    assertThat(sampler.sample(new float[] {1, 3, 2}, 0)).isEqualTo(2);
  }

  @Test
  void sample_manyDraws_followsTheDistribution() {
    float[] logits = new float[1500];
    java.util.Arrays.fill(logits, OUT);
    logits[3] = (float) Math.log(0.5);
    logits[700] = (float) Math.log(0.3);
    logits[1499] = (float) Math.log(0.2);
    Sampler sampler = new Sampler(SamplingOptions.builder().seed(11).build(), logits.length);
    int draws = 20_000;
    int[] counts = new int[logits.length];

    for (int i = 0; i < draws; i++) {
      counts[sampler.sample(logits, 0)]++;
    }

    assertThat(counts[3] / (double) draws).isCloseTo(0.5, within(0.02));
    assertThat(counts[700] / (double) draws).isCloseTo(0.3, within(0.02));
    assertThat(counts[1499] / (double) draws).isCloseTo(0.2, within(0.02));
  }

  @Test
  void sample_sameSeed_givesTheSameTokens() {
    SamplingOptions options =
        SamplingOptions.builder().temperature(0.9).topP(0.95).seed(42).build();

    assertThat(run(options)).isEqualTo(run(options));
    assertThat(run(options)).isNotEqualTo(run(options.toBuilder().seed(43).build()));
  }

  @Test
  void begin_again_startsTheRandomNumbersAgain() {
    Sampler sampler = new Sampler(SamplingOptions.builder().build(), 100);
    float[] logits = gaussian(5, 100);
    int[] first = new int[20];
    int[] second = new int[20];

    sampler.begin(new int[] {1});
    for (int i = 0; i < 20; i++) {
      first[i] = sampler.sample(logits, 0);
    }
    sampler.begin(new int[] {1});
    for (int i = 0; i < 20; i++) {
      second[i] = sampler.sample(logits, 0);
    }

    assertThat(second).isEqualTo(first);
    assertThat(sampler.history().size()).isEqualTo(1);
  }

  @Test
  void splitMix64_seed1234567_givesThePublishedNumbers() {
    SplitMix64 random = new SplitMix64();
    random.seed(1234567);

    assertThat(random.nextDouble()).isEqualTo((6457827717110365317L >>> 11) * 0x1p-53);
    assertThat(random.nextDouble()).isEqualTo((3203168211198807973L >>> 11) * 0x1p-53);
  }

  @Test
  void sample_nan_namesTheStepAndTheToken() {
    Sampler sampler = new Sampler(SamplingOptions.greedy(), 3);
    sampler.accept(0);
    sampler.accept(1);

    assertThatThrownBy(() -> sampler.sample(new float[] {1, Float.NaN, Float.NaN}, 0))
        .isInstanceOf(EngineException.class)
        .hasMessage(
            "sample: expected finite logits in step 2, got NaN for token 1 (2 of 3 logits are not finite);"
                + " check the weights of the model and of its adapters")
        .extracting(e -> ((LogitsException) e).step())
        .isEqualTo(2);
  }

  @Test
  void sample_positiveInfinity_isRefused() {
    Sampler sampler = new Sampler(SamplingOptions.builder().build(), 2);

    assertThatThrownBy(() -> sampler.sample(new float[] {1, Float.POSITIVE_INFINITY}, 0))
        .isInstanceOf(LogitsException.class)
        .hasMessageContaining("got Infinity for token 1");
  }

  @Test
  void sample_allMinusInfinity_isRefused() {
    Sampler sampler = new Sampler(SamplingOptions.greedy(), 2);

    assertThatThrownBy(() -> sampler.sample(new float[] {OUT, OUT}, 0))
        .isInstanceOf(LogitsException.class)
        .hasMessage(
            "sample: expected a token that may follow in step 0, got minus infinity for all 2 logits");
  }

  @Test
  void sample_processorsForbidAll_namesThem() {
    Sampler sampler = new Sampler(List.of(new NoRepeatNgram(1)), true, 0, new SamplingScratch(2));
    sampler.begin(new int[] {0, 1});

    assertThatThrownBy(() -> sampler.sample(new float[] {1, 2}, 0))
        .isInstanceOf(LogitsException.class)
        .hasMessage(
            "sample: expected a token that may follow in step 0, got none: the processors"
                + " [NoRepeatNgram[n=1]] forbid all");
  }

  @Test
  void sample_shortRow_isRefused() {
    Sampler sampler = new Sampler(SamplingOptions.greedy(), 4);

    assertThatThrownBy(() -> sampler.sample(new float[4], 1))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("sample: expected 4 logits from offset 1, got an array of 4");
  }

  @Test
  void sample_ownProcessor_isApplied() {
    LogitsProcessor onlyEven =
        (candidates, history) -> {
          for (int i = 0; i < candidates.size(); i++) {
            if (candidates.id(i) % 2 == 1) {
              candidates.setScore(i, OUT);
            }
          }
        };
    Sampler sampler =
        new Sampler(List.of(new TopK(3, 1), onlyEven), true, 0, new SamplingScratch(5));

    assertThat(sampler.sample(new float[] {0, 5, 3, 4, 1}, 0)).isEqualTo(2);
  }

  @Test
  void tokenHistory_manyTokens_countsDistinctOnes() {
    long seed = System.nanoTime();
    Random random = new Random(seed);
    Sampler sampler = new Sampler(SamplingOptions.greedy(), 1);
    Map<Integer, Integer> counts = new java.util.HashMap<>();
    for (int i = 0; i < 3000; i++) {
      int token = random.nextInt(1000) * 1024;
      sampler.accept(token);
      counts.merge(token, 1, Integer::sum);
    }

    TokenHistory history = sampler.history();

    assertThat(history.size()).isEqualTo(3000);
    assertThat(history.numDistinct()).as("seed " + seed).isEqualTo(counts.size());
    for (int i = 0; i < history.numDistinct(); i++) {
      assertThat(history.generatedCount(i))
          .as("seed " + seed)
          .isEqualTo(counts.get(history.distinct(i)));
    }
  }

  private static int[] run(SamplingOptions options) {
    Sampler sampler = new Sampler(options, 300);
    sampler.begin(new int[] {7});
    int[] tokens = new int[50];
    for (int i = 0; i < tokens.length; i++) {
      tokens[i] = sampler.sample(gaussian(i, 300), 0);
      sampler.accept(tokens[i]);
    }
    return tokens;
  }

  private static float[] gaussian(long seed, int size) {
    Random random = new Random(seed);
    float[] logits = new float[size];
    for (int i = 0; i < size; i++) {
      logits[i] = (float) random.nextGaussian();
    }
    return logits;
  }
}
