package dev.wick.lora.peft;

import dev.wick.engine.model.LowRank;
import dev.wick.engine.tensor.HostTensor;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * What an adapter consists of, in two views: as a model sees it and as the file has it.
 *
 * @param deltas by linear
 * @param replacements by parameter
 * @param tensors by the name in the file
 */
record AdapterParts(
    Map<String, LowRank> deltas,
    Map<String, HostTensor> replacements,
    Map<String, HostTensor> tensors) {
  AdapterParts() {
    this(new LinkedHashMap<>(), new LinkedHashMap<>(), new LinkedHashMap<>());
  }
}
