package dev.wick.streaming.sampling;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class RejectionTest {
  private static final int DRAWS = 50_000;

  @Test
  void verify_anyGuess_hasTheTargetsDistribution() {
    long seed = System.nanoTime();
    SplittableRandom random = new SplittableRandom(seed);
    for (int round = 0; round < 6; round++) {
      float[] target = scores(random, 6);
      float[] draft = scores(random, 6);
      SamplingOptions options =
          SamplingOptions.builder()
              .temperature(0.7)
              .topK(round % 2 == 0 ? 0 : 4) // then the draft guesses what the target has not
              .seed(random.nextLong())
              .build();
      Sampler sampler = new Sampler(options, 6);
      Sampler guesser =
          new Sampler(options.processors(), false, random.nextLong(), new SamplingScratch(6));
      DraftDistribution drawnFrom = new DraftDistribution();
      double[] expected = probabilities(sampler, target);
      double[] guessed = probabilities(guesser, draft);
      int[] counts = new int[6];
      int kept = 0;
      for (int i = 0; i < DRAWS; i++) {
        int guess = guesser.propose(draft, 0, drawnFrom);
        int token = sampler.verify(target, 0, guess, drawnFrom);
        counts[token]++;
        kept += guess == token ? 1 : 0;
      }

      double overlap = 0;
      for (int t = 0; t < 6; t++) {
        // 5.5 standard deviations: fails once in ten million.
        double spread = 5.5 * Math.sqrt(expected[t] * (1 - expected[t]) / DRAWS) + 1e-7;
        assertThat((double) counts[t] / DRAWS)
            .as("token %d, seed %d, round %d", t, seed, round)
            .isCloseTo(expected[t], within(spread));
        overlap += Math.min(expected[t], guessed[t]);
      }
      assertThat((double) kept / DRAWS)
          .as("kept, seed %d", seed)
          .isCloseTo(overlap, within(5.5 * Math.sqrt(overlap * (1 - overlap) / DRAWS) + 1e-7));
    }
  }

  @Test
  void verify_sameDistribution_keepsEveryGuess() {
    float[] scores = {1, 2, 0.5f, -1};
    Sampler sampler = new Sampler(SamplingOptions.builder().seed(1).build(), 4);
    DraftDistribution drawnFrom = new DraftDistribution();
    for (int i = 0; i < 1000; i++) {
      int guess = sampler.propose(scores, 0, drawnFrom);

      assertThat(sampler.verify(scores, 0, guess, drawnFrom)).isEqualTo(guess);
    }
  }

  @Test
  void retract_atRandom_leavesTheHistoryAsItWas() {
    long seed = System.nanoTime();
    SplittableRandom random = new SplittableRandom(seed);
    Sampler sampler = new Sampler(SamplingOptions.greedy(), 1000);
    List<Integer> generated = new ArrayList<>();
    int[] prompt = random.ints(30, 0, 1000).toArray();
    sampler.begin(prompt);
    for (int round = 0; round < 300; round++) {
      int range = random.nextInt(3) == 0 ? 1000 : 40;
      for (int i = random.nextInt(30); i > 0; i--) {
        int token = random.nextInt(range);
        sampler.accept(token);
        generated.add(token);
      }
      int back = random.nextInt(Math.min(25, generated.size() + 1));
      sampler.retract(back);
      generated.subList(generated.size() - back, generated.size()).clear();

      Sampler fresh = new Sampler(SamplingOptions.greedy(), 1000);
      fresh.begin(prompt);
      generated.forEach(fresh::accept);
      assertSame(sampler.history(), fresh.history(), "seed " + seed);
    }
  }

  private static void assertSame(TokenHistory actual, TokenHistory expected, String what) {
    assertThat(actual.size()).as(what).isEqualTo(expected.size());
    assertThat(actual.numDistinct()).as(what).isEqualTo(expected.numDistinct());
    for (int i = 0; i < expected.size(); i++) {
      assertThat(actual.token(i)).as(what).isEqualTo(expected.token(i));
    }
    for (int i = 0; i < expected.numDistinct(); i++) {
      assertThat(actual.distinct(i)).as(what).isEqualTo(expected.distinct(i));
      assertThat(actual.generatedCount(i)).as(what).isEqualTo(expected.generatedCount(i));
    }
  }

  private static float[] scores(SplittableRandom random, int count) {
    float[] scores = new float[count];
    for (int i = 0; i < count; i++) {
      scores[i] = (float) random.nextDouble(-2, 2);
    }
    return scores;
  }

  private static double[] probabilities(Sampler sampler, float[] scores) {
    double[] result = new double[scores.length];
    Candidates possible = sampler.process(scores, 0);
    for (int i = 0; i < possible.size(); i++) {
      result[possible.id(i)] = possible.probability(i);
    }
    return result;
  }
}
