package dev.wick.lora.training.data;

import java.util.Arrays;

/** A sequence of tokens to train on, and which of them are learned. Immutable. */
public final class Example {
  /** The label of a token that is not learned, as in transformers. */
  public static final int NOT_LEARNED = -100;

  private final int[] ids;
  private final int[] labels;
  private final float weight;

  private Example(int[] ids, int[] labels, float weight) {
    this.ids = ids;
    this.labels = labels;
    this.weight = weight;
  }

  /**
   * A sequence of which the marked tokens are learned. Nothing precedes the first token, so that it
   * cannot be learned whatever its mark.
   *
   * @throws IllegalArgumentException if there is no token, or not a mark for each
   */
  public static Example of(int[] ids, boolean[] learned) {
    if (ids.length != learned.length) {
      throw new IllegalArgumentException(
          "example: expected a mark for each of %d tokens, got %d"
              .formatted(ids.length, learned.length));
    }
    int[] labels = ids.clone();
    for (int i = 0; i < labels.length; i++) {
      if (!learned[i]) {
        labels[i] = NOT_LEARNED;
      }
    }
    return ofLabels(ids, labels);
  }

  /** A sequence that is learned whole. */
  public static Example of(int[] ids) {
    boolean[] learned = new boolean[ids.length];
    Arrays.fill(learned, true);
    return of(ids, learned);
  }

  /**
   * A sequence with labels as transformers has them: beside each token itself or {@value
   * #NOT_LEARNED}, not shifted.
   *
   * @throws IllegalArgumentException if there is no token, not a label for each, or a label below 0
   *     that is not {@value #NOT_LEARNED}
   */
  public static Example ofLabels(int[] ids, int[] labels) {
    if (ids.length == 0 || ids.length != labels.length) {
      throw new IllegalArgumentException(
          "example: expected tokens and a label for each, got %d tokens and %d labels"
              .formatted(ids.length, labels.length));
    }
    int[] copy = labels.clone();
    copy[0] = NOT_LEARNED;
    for (int label : copy) {
      if (label < 0 && label != NOT_LEARNED) {
        throw new IllegalArgumentException(
            "example: expected labels of at least 0 or -100, got " + label);
      }
    }
    return new Example(ids.clone(), copy, 1);
  }

  /**
   * The same sequence with a weight: the factor on the losses of its tokens, of which the loss is
   * the weighted mean. It is 1 unless told otherwise.
   *
   * @throws IllegalArgumentException if the weight is not above 0 and finite
   */
  public Example withWeight(float value) {
    if (!(value > 0 && Float.isFinite(value))) {
      throw new IllegalArgumentException("example: expected a finite weight above 0, got " + value);
    }
    return new Example(ids, labels, value);
  }

  /** The factor on the losses of its tokens. */
  public float weight() {
    return weight;
  }

  /** Number of tokens. */
  public int length() {
    return ids.length;
  }

  /** The token at an index. */
  public int id(int index) {
    return ids[index];
  }

  /** The token that is to be predicted at an index, from those before it, or -100. */
  public int label(int index) {
    return labels[index];
  }

  /** Number of tokens that are learned. */
  public int learned() {
    int count = 0;
    for (int label : labels) {
      count += label == NOT_LEARNED ? 0 : 1;
    }
    return count;
  }

  /** The first tokens, at most so many. */
  public Example truncated(int maxLength) {
    return ids.length <= maxLength
        ? this
        : new Example(Arrays.copyOf(ids, maxLength), Arrays.copyOf(labels, maxLength), weight);
  }
}
