package dev.wick.streaming.sampling;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;

/**
 * The definitions of the truncating processors with full sorts in double precision, for comparison.
 */
final class NaiveProcessors {
  private NaiveProcessors() {}

  static double[] softmax(double[] scores) {
    double max = Arrays.stream(scores).max().orElseThrow();
    double[] result = Arrays.stream(scores).map(s -> Math.exp(s - max)).toArray();
    double sum = Arrays.stream(result).sum();
    return Arrays.stream(result).map(e -> e / sum).toArray();
  }

  static void topK(double[] scores, int k) {
    double[] sorted = scores.clone();
    Arrays.sort(sorted);
    double threshold = sorted[Math.max(0, sorted.length - k)];
    drop(scores, i -> scores[i] < threshold);
  }

  static void topP(double[] scores, double p) {
    double[] probabilities = softmax(scores);
    List<Integer> ascending = order(scores);
    double sum = 0;
    for (int i = 0; i < ascending.size() - 1; i++) {
      sum += probabilities[ascending.get(i)];
      if (sum <= 1 - p) {
        scores[ascending.get(i)] = Double.NEGATIVE_INFINITY;
      }
    }
  }

  static void minP(double[] scores, double p) {
    double[] probabilities = softmax(scores);
    double max = Arrays.stream(probabilities).max().orElseThrow();
    drop(scores, i -> probabilities[i] < p * max);
  }

  static void typical(double[] scores, double mass) {
    double[] probabilities = softmax(scores);
    double entropy = 0;
    for (double q : probabilities) {
      entropy -= q > 0 ? q * Math.log(q) : 0;
    }
    double[] distance = new double[scores.length];
    for (int i = 0; i < scores.length; i++) {
      distance[i] = Math.abs(-Math.log(probabilities[i]) - entropy);
    }
    List<Integer> order = order(distance);
    double sum = 0;
    int last = 0;
    while (last < order.size() - 1 && (sum += probabilities[order.get(last)]) < mass) {
      last++;
    }
    double threshold = distance[order.get(last)];
    drop(scores, i -> distance[i] > threshold);
  }

  private static List<Integer> order(double[] keys) {
    List<Integer> order = new ArrayList<>();
    for (int i = 0; i < keys.length; i++) {
      order.add(i);
    }
    order.sort(Comparator.comparingDouble(i -> keys[i]));
    return order;
  }

  private static void drop(double[] scores, java.util.function.IntPredicate condition) {
    boolean[] dropped = new boolean[scores.length];
    for (int i = 0; i < scores.length; i++) {
      dropped[i] = condition.test(i);
    }
    for (int i = 0; i < scores.length; i++) {
      scores[i] = dropped[i] ? Double.NEGATIVE_INFINITY : scores[i];
    }
  }
}
