package dev.wick.streaming;

import static org.assertj.core.api.Assertions.assertThat;

import dev.wick.streaming.sampling.Candidates;
import dev.wick.streaming.sampling.Sampler;
import dev.wick.streaming.sampling.SamplingOptions;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** The distribution of short texts of a tiny vocabulary, by enumeration. */
final class ExactDistribution {
  private static final int[] PROMPT = {0, 1, 0, 1};

  private ExactDistribution() {}

  static Map<List<Integer>, Double> of(
      SamplingOptions options, ScriptedModel model, int length, int vocabSize) {
    Map<List<Integer>, Double> result = new HashMap<>();
    extend(options, model, List.of(), 1, length, vocabSize, result);
    return result;
  }

  private static void extend(
      SamplingOptions options,
      ScriptedModel model,
      List<Integer> text,
      double probability,
      int length,
      int vocabSize,
      Map<List<Integer>, Double> result) {
    if (text.size() == length) {
      result.put(text, probability);
      return;
    }
    Sampler sampler = new Sampler(options, vocabSize);
    sampler.begin(PROMPT);
    int[] all = new int[PROMPT.length + text.size()];
    System.arraycopy(PROMPT, 0, all, 0, PROMPT.length);
    for (int i = 0; i < text.size(); i++) {
      sampler.accept(text.get(i));
      all[PROMPT.length + i] = text.get(i);
    }
    Candidates possible = sampler.process(model.scores(all), 0);
    for (int i = 0; i < possible.size(); i++) {
      List<Integer> longer = new ArrayList<>(text);
      longer.add(possible.id(i));
      double p = probability * possible.probability(i);
      extend(options, model, longer, p, length, vocabSize, result);
    }
  }

  /**
   * Pearson's chi-square test, outcomes of fewer than 5 expected draws taken together. The bound is
   * the quantile of about 1e-6 by Wilson and Hilferty (1931).
   */
  static void assertFits(
      Map<List<Integer>, Integer> counts,
      Map<List<Integer>, Double> expected,
      int draws,
      String what) {
    assertThat(expected.keySet()).as(what).containsAll(counts.keySet());
    double chiSquare = 0;
    double rareExpected = 0;
    int rareCount = 0;
    int cells = 0;
    for (Map.Entry<List<Integer>, Double> entry : expected.entrySet()) {
      double mean = entry.getValue() * draws;
      int count = counts.getOrDefault(entry.getKey(), 0);
      if (mean < 5) {
        rareExpected += mean;
        rareCount += count;
      } else {
        chiSquare += (count - mean) * (count - mean) / mean;
        cells++;
      }
    }
    if (rareExpected >= 5) {
      chiSquare += (rareCount - rareExpected) * (rareCount - rareExpected) / rareExpected;
      cells++;
    }
    double freedom = cells - 1;
    double spread = 2 / (9 * freedom);
    double bound = freedom * Math.pow(1 - spread + 4.76 * Math.sqrt(spread), 3);
    assertThat(chiSquare).as("chi-square of %d cells, %s", cells, what).isLessThan(bound);
  }
}
