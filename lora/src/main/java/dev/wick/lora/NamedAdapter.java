package dev.wick.lora;

import dev.wick.engine.model.Adapter;
import dev.wick.engine.model.LowRank;
import dev.wick.engine.tensor.HostTensor;
import java.util.Map;

/** An adapter under the name and version of its publication. */
record NamedAdapter(String name, long version, Adapter published) implements Adapter {
  @Override
  public Map<String, LowRank> deltas() {
    return published.deltas();
  }

  @Override
  public Map<String, HostTensor> replacements() {
    return published.replacements();
  }

  @Override
  public long byteSize() {
    return published.byteSize();
  }
}
