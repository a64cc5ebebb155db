package dev.wick.lora;

import dev.wick.engine.model.Adapter;
import dev.wick.engine.model.AdapterUse;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * A version of an adapter, kept alive for one request until it is closed. Thread-safe; closing is
 * idempotent.
 */
public final class AdapterLease implements AutoCloseable {
  private final AdapterVersion version;
  private final AtomicBoolean closed = new AtomicBoolean();

  AdapterLease(AdapterVersion version) {
    this.version = version;
  }

  /**
   * The adapter.
   *
   * @throws IllegalStateException if the lease is closed
   */
  public Adapter adapter() {
    if (closed.get()) {
      throw new IllegalStateException(
          "adapters: expected an open lease of %s, got a closed one".formatted(version.name()));
    }
    return version.adapter();
  }

  /**
   * The adapter with a weight, as a step of a model takes it.
   *
   * @throws IllegalStateException if the lease is closed
   */
  public AdapterUse use(float weight) {
    return new AdapterUse(adapter(), weight);
  }

  /** The name. */
  public String name() {
    return version.name();
  }

  /** The version. */
  public long version() {
    return version.version();
  }

  @Override
  public void close() {
    if (closed.compareAndSet(false, true)) {
      version.release();
    }
  }
}
