package dev.wick.lora;

import dev.wick.engine.model.Adapter;
import dev.wick.lora.peft.PeftAdapter;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;

/** A published adapter and how many hold it; closed when the last of them lets go. Thread-safe. */
final class AdapterVersion {
  private final Adapter adapter;
  private final String name;
  private final long version;
  private final long byteSize;
  private final AutoCloseable memory;
  private final Consumer<AdapterVersion> onRelease;

  /** The registry's one reference, and one for each lease; 0 is for ever. */
  private final AtomicInteger references = new AtomicInteger(1);

  AdapterVersion(Adapter adapter, String name, long version, Consumer<AdapterVersion> onRelease) {
    this.adapter =
        adapter instanceof PeftAdapter peft
            ? peft.as(name, version)
            : new NamedAdapter(name, version, adapter);
    this.memory = adapter instanceof AutoCloseable closeable ? closeable : () -> {};
    this.name = name;
    this.version = version;
    this.byteSize = adapter.byteSize();
    this.onRelease = onRelease;
  }

  Adapter adapter() {
    return adapter;
  }

  String name() {
    return name;
  }

  long version() {
    return version;
  }

  long byteSize() {
    return byteSize;
  }

  int leases() {
    return Math.max(0, references.get() - 1);
  }

  /** Takes a reference, unless all are gone already. */
  boolean retain() {
    int count = references.get();
    while (count > 0) {
      int seen = references.compareAndExchange(count, count + 1);
      if (seen == count) {
        return true;
      }
      count = seen;
    }
    return false;
  }

  void release() {
    if (references.decrementAndGet() == 0) {
      Releasing.close(memory, name);
      onRelease.accept(this);
    }
  }
}
