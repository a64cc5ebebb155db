package dev.wick.lora.training.program;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * All that a run changes: low-rank tensors beside linear layers, and whole parameters.
 *
 * @param tensors in a fixed order
 * @param lowRank by the name of the linear layer
 * @param whole index of the tensor that takes the place of a parameter, by its name
 * @param dropout probability with which an input of a low-rank path is dropped
 */
public record TrainableSet(
    List<Trainable> tensors,
    Map<String, LowRankSlot> lowRank,
    Map<String, Integer> whole,
    double dropout) {
  public TrainableSet {
    tensors = List.copyOf(tensors);
    lowRank = Collections.unmodifiableMap(new LinkedHashMap<>(lowRank));
    whole = Collections.unmodifiableMap(new LinkedHashMap<>(whole));
    if (tensors.isEmpty()) {
      throw new IllegalArgumentException("training: expected something to train, got nothing");
    }
  }

  /** Number of elements. */
  public long size() {
    return tensors.stream().mapToLong(tensor -> tensor.values().length).sum();
  }

  /** The elements, by tensor: the tensors themselves. */
  public List<float[]> values() {
    return tensors.stream().map(Trainable::values).toList();
  }
}
