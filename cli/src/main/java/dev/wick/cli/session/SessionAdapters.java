package dev.wick.cli.session;

import dev.wick.engine.model.AdapterUse;
import dev.wick.formats.Checkpoint;
import dev.wick.lora.AdapterLease;
import dev.wick.lora.AdapterRegistry;
import dev.wick.lora.AdapterRegistryOptions;
import dev.wick.lora.peft.BaseWeights;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** The adapters of a session, and which of them are in use. One thread at a time. */
public final class SessionAdapters implements AutoCloseable {
  private final AdapterRegistry registry;
  private final Map<String, Float> weights = new LinkedHashMap<>();
  private final List<AdapterLease> leases = new ArrayList<>();

  SessionAdapters(Checkpoint checkpoint) {
    this.registry =
        new AdapterRegistry(
            AdapterRegistryOptions.DEFAULT.withBase(
                new BaseWeights(checkpoint.location(), checkpoint.weights())));
  }

  /**
   * Loads an adapter, as the next version where there is one of that name, and uses it beside those
   * that are in use.
   *
   * @throws IOException if it cannot be read or is not for this model
   */
  public void load(AdapterArgument adapter) throws IOException {
    registry.load(adapter.name(), adapter.folder());
    release(adapter.name());
    weights.put(adapter.name(), adapter.weight());
    leases.add(registry.acquire(adapter.name()));
  }

  /** The names of all adapters. */
  public Set<String> names() {
    return weights.keySet();
  }

  /** The names of those in use. */
  public List<String> inUse() {
    return leases.stream().map(AdapterLease::name).toList();
  }

  /** What is added to the model. */
  public List<AdapterUse> uses() {
    return leases.stream().map(lease -> lease.use(weights.getOrDefault(lease.name(), 1f))).toList();
  }

  /**
   * Uses one adapter alone.
   *
   * @throws IllegalArgumentException if there is none of this name
   */
  public void useOnly(String name) {
    AdapterLease lease = registry.acquire(name);
    useNone();
    leases.add(lease);
  }

  /** Uses the model alone. */
  public void useNone() {
    leases.forEach(AdapterLease::close);
    leases.clear();
  }

  private void release(String name) {
    for (AdapterLease lease : List.copyOf(leases)) {
      if (lease.name().equals(name)) {
        lease.close();
        leases.remove(lease);
      }
    }
  }

  @Override
  public void close() {
    useNone();
    registry.close();
  }
}
