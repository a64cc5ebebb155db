package dev.wick.streaming.sampling;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ProcessorsTest {
  private static final float OUT = Float.NEGATIVE_INFINITY;

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 7, 255, 256, 257, 1000, 5000})
  void truncation_anySize_keepsWhatFullSortsKeep(int vocabSize) {
    long seed = System.nanoTime();
    Random random = new Random(seed);
    for (int round = 0; round < 8; round++) {
      float spread = 0.2f + 6 * random.nextFloat();
      float[] logits = logits(random, vocabSize, spread);
      int k = 1 + random.nextInt(2 * vocabSize);
      double p = random.nextDouble();
      double mass = 0.01 + 0.98 * random.nextDouble();
      String what = "seed %d round %d k %d p %s mass %s".formatted(seed, round, k, p, mass);

      check(what, logits, List.of(new TopK(k, 1)), x -> NaiveProcessors.topK(x, k));
      check(what, logits, List.of(new TopP(p, 1)), x -> NaiveProcessors.topP(x, p));
      check(what, logits, List.of(new MinP(p * p, 1)), x -> NaiveProcessors.minP(x, p * p));
      check(what, logits, List.of(new TypicalP(mass, 1)), x -> NaiveProcessors.typical(x, mass));
      check(
          what,
          logits,
          List.of(new TopK(k, 1), new TopP(p, 1), new TypicalP(mass, 1)),
          x -> {
            NaiveProcessors.topK(x, k);
            NaiveProcessors.topP(x, p);
            NaiveProcessors.typical(x, mass);
          });
    }
  }

  private static void check(
      String what, float[] logits, List<LogitsProcessor> chain, Consumer<double[]> naive) {
    Candidates candidates = sampler(chain, logits.length).process(logits, 0);

    double[] expected = new double[logits.length];
    for (int i = 0; i < logits.length; i++) {
      expected[i] = logits[i];
    }
    naive.accept(expected);
    double[] probabilities = NaiveProcessors.softmax(expected);
    int kept = 0;
    for (int i = 0; i < logits.length; i++) {
      if (expected[i] > OUT) {
        assertThat(candidates.id(kept)).as(what + " " + chain).isEqualTo(i);
        assertThat((double) candidates.probability(kept++))
            .as(what)
            .isCloseTo(probabilities[i], within(1e-6));
      }
    }
    assertThat(candidates.size()).as(what + " " + chain).isEqualTo(kept);
  }

  @Test
  void topK_tiesWithTheLast_keepsThemAll() {
    assertThat(kept(new float[] {1, 3, 2, 2, 2, 0}, new TopK(2, 1))).containsExactly(1, 2, 3, 4);
  }

  @Test
  void topP_equalProbabilities_dropsTheLowerIds() {
    assertThat(kept(new float[] {1, 1, 1, 1}, new TopP(0.6, 1))).containsExactly(1, 2, 3);
  }

  @Test
  void topP_tiny_keepsTheMostProbable() {
    assertThat(kept(new float[] {1, 3, 2}, new TopP(0, 1))).containsExactly(1);
  }

  @Test
  void minP_one_keepsTheLargestAndItsEquals() {
    assertThat(kept(new float[] {5, 3, 5, 4.9f}, new MinP(1, 1))).containsExactly(0, 2);
  }

  @Test
  void minTokensToKeep_above1_isHonouredByAll() {
    float[] logits = {9, 0, 1, 2, 3, -5};

    assertThat(kept(logits, new TopK(1, 3))).containsExactly(0, 3, 4);
    assertThat(kept(logits, new TopP(0.1, 3))).containsExactly(0, 3, 4);
    assertThat(kept(logits, new MinP(0.9, 3))).containsExactly(0, 3, 4);
    assertThat(kept(logits, new TypicalP(0.1, 3))).containsExactly(0, 3, 4);
  }

  @Test
  void truncation_maskedLogits_neverReturnsThem() {
    float[] logits = {OUT, 1, OUT, 2, OUT};

    assertThat(kept(logits, new TopK(4, 1))).containsExactly(1, 3);
    assertThat(kept(logits, new TopP(0.999, 1))).containsExactly(1, 3);
    assertThat(kept(logits, new MinP(0, 1))).containsExactly(1, 3);
    assertThat(kept(logits, new TypicalP(1, 1))).containsExactly(1, 3);
  }

  @Test
  void repetitionPenalty_repeatedToken_countsOnceAndIncludesThePrompt() {
    Sampler sampler = sampler(List.of(new RepetitionPenalty(2)), 4);
    sampler.begin(new int[] {0, 0, 0});
    sampler.accept(1);

    assertThat(scores(sampler.process(new float[] {4, -4, 4, -4}, 0)))
        .containsExactly(2, -8, 4, -4);
  }

  @Test
  void presenceFrequencyPenalty_promptTokens_areFree() {
    Sampler sampler = sampler(List.of(new PresenceFrequencyPenalty(1, 0.25)), 3);
    sampler.begin(new int[] {0, 1, 1});
    sampler.accept(1);
    sampler.accept(1);
    sampler.accept(2);

    assertThat(scores(sampler.process(new float[] {0, 0, 0}, 0))).containsExactly(0, -1.5f, -1.25f);
  }

  @Test
  void noRepeatNgram_promptAndText_bansWhatWouldCompleteOne() {
    Sampler sampler = sampler(List.of(new NoRepeatNgram(3)), 6);
    sampler.begin(new int[] {1, 2, 3, 1, 2, 4, 1});
    sampler.accept(2);

    assertThat(ids(sampler.process(new float[6], 0))).containsExactly(0, 1, 2, 5);
  }

  @Test
  void noRepeatNgram_shortHistory_bansNothing() {
    Sampler sampler = sampler(List.of(new NoRepeatNgram(4)), 3);
    sampler.begin(new int[] {1, 1});

    assertThat(ids(sampler.process(new float[3], 0))).containsExactly(0, 1, 2);
  }

  @Test
  void logitBias_idBeyondTheVocabulary_isIgnored() {
    Sampler sampler = sampler(List.of(new LogitBias(Map.of(0, 2f, 1, OUT, 99, 1f))), 3);

    Candidates candidates = sampler.process(new float[] {1, 1, 1}, 0);

    assertThat(ids(candidates)).containsExactly(0, 2);
    assertThat(scores(candidates)).containsExactly(3, 1);
  }

  private static float[] logits(Random random, int size, float spread) {
    float[] logits = new float[size];
    for (int i = 0; i < size; i++) {
      logits[i] = random.nextInt(20) == 0 && i > 0 ? OUT : (float) random.nextGaussian() * spread;
    }
    return logits;
  }

  private static Sampler sampler(List<LogitsProcessor> chain, int vocabSize) {
    return new Sampler(chain, false, 1, new SamplingScratch(vocabSize));
  }

  private static int[] kept(float[] logits, LogitsProcessor processor) {
    return ids(sampler(List.of(processor), logits.length).process(logits, 0));
  }

  private static int[] ids(Candidates candidates) {
    int[] ids = new int[candidates.size()];
    for (int i = 0; i < ids.length; i++) {
      ids[i] = candidates.id(i);
    }
    return ids;
  }

  private static float[] scores(Candidates candidates) {
    float[] scores = new float[candidates.size()];
    for (int i = 0; i < scores.length; i++) {
      scores[i] = candidates.score(i);
    }
    return scores;
  }
}
