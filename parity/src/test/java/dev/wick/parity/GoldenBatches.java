package dev.wick.parity;

import dev.wick.lora.training.data.Example;
import dev.wick.lora.training.data.MicroBatch;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Padded batches of the reference data as ragged micro-batches. */
final class GoldenBatches {
  private GoldenBatches() {}

  /** The micro-batches of {@code input_ids}, {@code attention_mask} and {@code labels}. */
  static List<MicroBatch> of(GoldenTensors tensors) {
    long[] shape = tensors.spec("input_ids").shape().toArray();
    int length = Math.toIntExact(shape[shape.length - 1]);
    int rows = Math.toIntExact(shape[shape.length - 2]);
    int count = shape.length == 3 ? Math.toIntExact(shape[0]) : 1;
    int[] ids = tensors.ints("input_ids");
    int[] mask = tensors.ints("attention_mask");
    int[] labels = tensors.ints("labels");
    List<MicroBatch> batches = new ArrayList<>();
    for (int batch = 0; batch < count; batch++) {
      List<Example> examples = new ArrayList<>();
      for (int row = 0; row < rows; row++) {
        int begin = (batch * rows + row) * length;
        examples.add(example(begin, begin + length, ids, mask, labels));
      }
      batches.add(new MicroBatch(examples));
    }
    return batches;
  }

  private static Example example(int begin, int end, int[] ids, int[] mask, int[] labels) {
    int from = begin;
    while (mask[from] == 0) {
      from++;
    }
    int to = end;
    while (mask[to - 1] == 0) {
      to--;
    }
    return Example.ofLabels(
        Arrays.copyOfRange(ids, from, to), Arrays.copyOfRange(labels, from, to));
  }
}
