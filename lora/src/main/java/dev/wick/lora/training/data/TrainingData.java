package dev.wick.lora.training.data;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.SplittableRandom;
import java.util.random.RandomGenerator;

/**
 * Examples that are ready to be trained on. Immutable.
 *
 * @param examples each with at least one token to learn
 * @param leftOut number of records of which nothing was left to learn
 * @param truncated number of records that were cut to the maximal length
 */
public record TrainingData(List<Example> examples, int leftOut, int truncated) {
  public TrainingData {
    examples = List.copyOf(examples);
    if (examples.isEmpty()) {
      throw new IllegalArgumentException("training data: expected at least one example, got none");
    }
    for (Example example : examples) {
      if (example.learned() == 0) {
        throw new IllegalArgumentException(
            "training data: expected a token to learn in each example, got one without");
      }
    }
  }

  /** Examples that nothing was done to. */
  public static TrainingData of(List<Example> examples) {
    return new TrainingData(examples, 0, 0);
  }

  /**
   * Encodes records and cuts them to a maximal length.
   *
   * @param maxLength in tokens
   * @throws DatasetException if a record cannot be encoded, or nothing is left to learn in any
   */
  public static TrainingData encode(
      List<TrainingRecord> records, RecordEncoder encoder, int maxLength) throws DatasetException {
    if (maxLength < 2) {
      throw new IllegalArgumentException(
          "training data: expected a maximal length of at least 2 tokens, got " + maxLength);
    }
    if (records.isEmpty()) {
      throw new IllegalArgumentException("training data: expected at least one record, got none");
    }
    List<Example> examples = new ArrayList<>();
    int leftOut = 0;
    int truncated = 0;
    for (TrainingRecord record : records) {
      Example example = encode(record, encoder);
      truncated += example.length() > maxLength ? 1 : 0;
      Example fitting = example.truncated(maxLength);
      if (fitting.learned() == 0) {
        leftOut++;
      } else {
        examples.add(fitting);
      }
    }
    if (examples.isEmpty()) {
      throw new DatasetException(
          records.getFirst().origin(),
          "expected tokens to learn, got none in any of %d records".formatted(records.size())
              + " after prompts were masked and records cut to %d tokens; raise the maximal length"
                  .formatted(maxLength));
    }
    return new TrainingData(examples, leftOut, truncated);
  }

  private static Example encode(TrainingRecord record, RecordEncoder encoder)
      throws DatasetException {
    try {
      return encoder.encode(record);
    } catch (IllegalArgumentException e) {
      throw new DatasetException(record.origin(), String.valueOf(e.getMessage()), e);
    }
  }

  /** Number of tokens. */
  public long tokens() {
    return examples.stream().mapToLong(Example::length).sum();
  }

  /** A part for training and a part for validation, each in the order of this data. */
  public record Split(TrainingData training, TrainingData validation) {}

  /**
   * Sets a random part aside for validation.
   *
   * @param fraction above 0 and below 1; at least one example goes to each part
   * @throws IllegalArgumentException if there are fewer than two examples
   */
  public Split split(double fraction, long seed) {
    if (!(fraction > 0 && fraction < 1)) {
      throw new IllegalArgumentException(
          "training data: expected a fraction above 0 and below 1, got " + fraction);
    }
    if (examples.size() < 2) {
      throw new IllegalArgumentException(
          "training data: expected at least two examples to split, got one; give a file for"
              + " validation or none");
    }
    int held = Math.clamp(Math.round(examples.size() * fraction), 1, examples.size() - 1);
    List<Integer> order = shuffled(examples.size(), new SplittableRandom(seed));
    List<Integer> aside = order.subList(0, held).stream().sorted().toList();
    List<Integer> rest = order.subList(held, order.size()).stream().sorted().toList();
    return new Split(
        new TrainingData(rest.stream().map(examples::get).toList(), leftOut, truncated),
        of(aside.stream().map(examples::get).toList()));
  }

  /**
   * The micro-batches of one visit of all examples.
   *
   * @param batchSize examples per micro-batch; rows of several examples each with packing
   * @param packedLength tokens of a row into which examples are packed; 0 for no packing
   * @param random decides the order
   */
  public List<MicroBatch> shuffledBatches(int batchSize, int packedLength, RandomGenerator random) {
    return batches(shuffled(examples.size(), random), batchSize, packedLength);
  }

  /** The micro-batches of one visit of all examples in their own order. */
  public List<MicroBatch> batches(int batchSize, int packedLength) {
    List<Integer> order = new ArrayList<>();
    for (int i = 0; i < examples.size(); i++) {
      order.add(i);
    }
    return batches(order, batchSize, packedLength);
  }

  private List<MicroBatch> batches(List<Integer> order, int batchSize, int packedLength) {
    if (batchSize < 1 || packedLength < 0) {
      throw new IllegalArgumentException(
          "training data: expected a batch size of at least 1 and a length of at least 0, got"
              + " %d and %d".formatted(batchSize, packedLength));
    }
    List<Example> inOrder = order.stream().map(examples::get).toList();
    List<List<Example>> rows =
        packedLength == 0
            ? inOrder.stream().map(List::of).toList()
            : Packing.rows(inOrder, packedLength);
    List<MicroBatch> batches = new ArrayList<>();
    for (int begin = 0; begin < rows.size(); begin += batchSize) {
      List<Example> together = new ArrayList<>();
      rows.subList(begin, Math.min(begin + batchSize, rows.size())).forEach(together::addAll);
      batches.add(new MicroBatch(together));
    }
    return batches;
  }

  /** The numbers from 0 on in random order (Fisher and Yates 1938). */
  private static List<Integer> shuffled(int count, RandomGenerator random) {
    List<Integer> order = new ArrayList<>(count);
    for (int i = 0; i < count; i++) {
      order.add(i);
    }
    for (int i = count - 1; i > 0; i--) {
      Collections.swap(order, i, random.nextInt(i + 1));
    }
    return order;
  }
}
