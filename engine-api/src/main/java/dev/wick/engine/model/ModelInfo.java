package dev.wick.engine.model;

import java.util.List;
import java.util.Objects;

/**
 * What is known of a loaded model.
 *
 * @param location where it was read from
 * @param modelType {@code model_type} of its configuration
 * @param contextLength most tokens of one sequence, prompt and completion together
 * @param eosTokenIds tokens that end a text
 * @param parameters number of weights
 * @param weightBytes bytes of the weights as stored
 */
public record ModelInfo(
    String location,
    String modelType,
    int vocabSize,
    int hiddenSize,
    int numHiddenLayers,
    int contextLength,
    List<Integer> eosTokenIds,
    long parameters,
    long weightBytes) {
  public ModelInfo {
    Objects.requireNonNull(location, "location");
    Objects.requireNonNull(modelType, "modelType");
    eosTokenIds = List.copyOf(eosTokenIds);
  }
}
