package dev.wick.streaming;

import dev.wick.engine.model.Adapter;
import dev.wick.engine.model.LowRank;
import dev.wick.engine.tensor.HostTensor;
import java.util.Map;

/** An adapter that changes nothing, to be told from others by its name. */
record NamedAdapter(String name) implements Adapter {
  @Override
  public long version() {
    return 1;
  }

  @Override
  public Map<String, LowRank> deltas() {
    return Map.of();
  }

  @Override
  public Map<String, HostTensor> replacements() {
    return Map.of();
  }
}
