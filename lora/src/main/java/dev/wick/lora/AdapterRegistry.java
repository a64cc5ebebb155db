package dev.wick.lora;

import dev.wick.engine.model.Adapter;
import dev.wick.lora.name.AdapterName;
import dev.wick.lora.peft.PeftAdapter;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Adapters by name and version, exchanged while requests use them.
 *
 * <p>Thread-safe. Reading never waits: the versions of a name are an immutable list behind one
 * pointer (read-copy-update), and {@link #acquire} pins the version that is current at that moment,
 * so that a request ends with the adapter it began with. Writers take turns. A version is closed as
 * soon as the registry no longer keeps it and no lease of it is open.
 */
public final class AdapterRegistry implements AutoCloseable {
  private final AdapterRegistryOptions options;
  private final ConcurrentHashMap<String, RegistryEntry> entries = new ConcurrentHashMap<>();
  private final AtomicReference<Optional<String>> active = new AtomicReference<>(Optional.empty());
  private final List<RegistryListener> listeners = new CopyOnWriteArrayList<>();

  /** Bytes of all versions that are not closed, leased ones included. */
  private final AtomicLong held = new AtomicLong();

  private final ReentrantLock writing = new ReentrantLock();

  /** Publications by name; a name that comes back counts on. Guarded by {@link #writing}. */
  private final Map<String, Long> publications = new ConcurrentHashMap<>();

  private boolean closed;

  /** A registry without limits. */
  public AdapterRegistry() {
    this(AdapterRegistryOptions.DEFAULT);
  }

  /** A registry with limits. */
  public AdapterRegistry(AdapterRegistryOptions options) {
    this.options = options;
  }

  /** Adds a listener; it hears what happens from now on. */
  public void addListener(RegistryListener listener) {
    listeners.add(listener);
  }

  /**
   * Reads an adapter's folder and publishes it under a name: as the first version, or as the next.
   *
   * @return the version
   * @throws IOException as {@link PeftAdapter#open}
   * @throws IllegalStateException as {@link #publish}
   */
  public long load(String name, Path folder) throws IOException {
    AdapterName.check(name);
    PeftAdapter adapter =
        options.base().isPresent()
            ? PeftAdapter.open(name, folder, options.base().get())
            : PeftAdapter.open(name, folder);
    boolean published = false;
    try {
      long version = publish(name, adapter);
      published = true;
      return version;
    } finally {
      if (!published) {
        adapter.close();
      }
    }
  }

  /**
   * Makes an adapter the current version of a name, and its own from now on: it closes it when
   * nobody uses it any more. Requests that run keep the version that they have.
   *
   * @return the version, counted from 1
   * @throws IllegalStateException if the memory budget is too small even without what may be
   *     evicted, or the registry is closed; the adapter then stays the caller's
   */
  public long publish(String name, Adapter adapter) {
    AdapterName.check(name);
    writing.lock();
    try {
      return push(name, adapter);
    } finally {
      writing.unlock();
    }
  }

  /**
   * Publishes an adapter that was made from the current version, unless another version has become
   * current meanwhile.
   *
   * @param expected the version from which it was made; 0 if there was none
   * @return the version; empty if another one was current than expected, and the adapter stays the
   *     caller's
   * @throws IllegalStateException as {@link #publish}
   */
  public OptionalLong publishAfter(String name, long expected, Adapter adapter) {
    AdapterName.check(name);
    writing.lock();
    try {
      requireOpen();
      return isCurrent(name, expected)
          ? OptionalLong.of(push(name, adapter))
          : OptionalLong.empty();
    } finally {
      writing.unlock();
    }
  }

  private boolean isCurrent(String name, long version) {
    RegistryEntry entry = entries.get(name);
    return (entry == null ? 0 : entry.current().version()) == version;
  }

  private long push(String name, Adapter adapter) {
    requireOpen();
    makeRoom(name, adapter.byteSize());
    long version = publications.getOrDefault(name, 0L) + 1;
    publications.put(name, version);
    held.addAndGet(adapter.byteSize());
    AdapterVersion published = new AdapterVersion(adapter, name, version, this::released);
    RegistryEntry entry = entries.get(name);
    if (entry == null) {
      entries.put(name, new RegistryEntry(name, published));
    } else {
      entry.push(published, options.versionsKept());
    }
    tell(RegistryEvent.Kind.PUBLISHED, name, version);
    return version;
  }

  /**
   * Makes the version before the current one current again and drops the latter.
   *
   * @return the version that is current now
   * @throws IllegalStateException if no earlier version is kept
   */
  public long rollback(String name) {
    writing.lock();
    try {
      long version = entry(name).pop();
      tell(RegistryEvent.Kind.ROLLED_BACK, name, version);
      return version;
    } finally {
      writing.unlock();
    }
  }

  /**
   * Takes a version back as {@link #rollback(String)} does, unless another one has become current
   * meanwhile.
   *
   * @param expected the version that is to be taken back
   * @return the version that is current now; empty if another one was current than expected
   * @throws IllegalStateException if no earlier version is kept
   */
  public OptionalLong rollbackFrom(String name, long expected) {
    writing.lock();
    try {
      return expected > 0 && isCurrent(name, expected)
          ? OptionalLong.of(rollback(name))
          : OptionalLong.empty();
    } finally {
      writing.unlock();
    }
  }

  /** Makes a name the one that {@link #acquireActive} gives: one atomic write. */
  public void activate(String name) {
    RegistryEntry entry = entry(name);
    active.set(entry.self());
    tell(RegistryEvent.Kind.ACTIVATED, name, entry.current().version());
  }

  /** Makes no name active. */
  public void deactivate() {
    active.set(Optional.empty());
  }

  /** The active name. */
  public Optional<String> active() {
    return active.get();
  }

  /**
   * Removes a name. Requests that run keep their adapter; new ones no longer find it.
   *
   * @throws IllegalArgumentException if there is no such name
   */
  public void unload(String name) {
    writing.lock();
    try {
      RegistryEntry entry = entry(name);
      active.compareAndSet(entry.self(), Optional.empty());
      entries.remove(name);
      tell(RegistryEvent.Kind.UNLOADED, name, entry.current().version());
      entry.releaseAll();
    } finally {
      writing.unlock();
    }
  }

  /**
   * Leases the current version of a name; close the lease when the request has ended. Never waits.
   *
   * @throws IllegalArgumentException if there is no such name
   * @throws IllegalStateException if the registry is closed
   */
  public AdapterLease acquire(String name) {
    while (true) {
      // A version that was let go between the look at the pointer and the lease is looked up anew.
      Optional<AdapterLease> lease = entry(name).lease();
      if (lease.isPresent()) {
        return lease.get();
      }
      Thread.onSpinWait();
    }
  }

  /** Leases the current version of a name as {@link #acquire} does; empty if there is none. */
  public Optional<AdapterLease> find(String name) {
    while (true) {
      RegistryEntry entry = entries.get(name);
      Optional<AdapterLease> lease = entry == null ? Optional.empty() : entry.lease();
      if (entry == null || lease.isPresent()) {
        return lease;
      }
      Thread.onSpinWait();
    }
  }

  /** Leases the current version of the active name; empty if none is active. */
  public Optional<AdapterLease> acquireActive() {
    while (true) {
      Optional<String> name = active.get();
      if (name.isEmpty()) {
        return Optional.empty();
      }
      RegistryEntry entry = entries.get(name.get());
      Optional<AdapterLease> lease = entry == null ? Optional.empty() : entry.lease();
      if (lease.isPresent()) {
        return lease;
      }
      if (entry == null) {
        active.compareAndSet(name, Optional.empty());
      }
      Thread.onSpinWait();
    }
  }

  /** Keeps a name from being evicted. */
  public void pin(String name) {
    entry(name).setPinned(true);
  }

  /** Lets a name be evicted again. */
  public void unpin(String name) {
    entry(name).setPinned(false);
  }

  /** Whether there is such a name. */
  public boolean contains(String name) {
    return entries.containsKey(name);
  }

  /** What is there, by name. */
  public List<AdapterStatus> list() {
    Optional<String> activeName = active.get();
    return entries.values().stream()
        .map(entry -> entry.status(activeName))
        .sorted(Comparator.comparing(AdapterStatus::name))
        .toList();
  }

  /** Bytes of all versions in memory, those included that only leases keep. */
  public long byteSize() {
    return held.get();
  }

  private RegistryEntry entry(String name) {
    RegistryEntry entry = entries.get(name);
    if (entry == null) {
      throw new IllegalArgumentException(
          "adapters: expected one of %s, got '%s'; load it first"
              .formatted(new TreeSet<>(entries.keySet()), name));
    }
    return entry;
  }

  /** Lets go, least recently used first, of earlier versions and then of whole names. */
  private void makeRoom(String name, long bytes) {
    if (held.get() + bytes <= options.byteBudget()) {
      return;
    }
    List<RegistryEntry> oldestFirst = new ArrayList<>(entries.values());
    oldestFirst.sort(Comparator.comparingLong(RegistryEntry::lastUse));
    for (RegistryEntry entry : oldestFirst) {
      if (held.get() + bytes > options.byteBudget() && !entry.isPinned()) {
        entry.dropEarlier();
      }
    }
    for (RegistryEntry entry : oldestFirst) {
      if (held.get() + bytes <= options.byteBudget()) {
        return;
      }
      boolean wanted = entry.name().equals(name) || active.get().equals(entry.self());
      if (!wanted && !entry.isPinned() && !entry.isLeased()) {
        entries.remove(entry.name());
        tell(RegistryEvent.Kind.EVICTED, entry.name(), entry.current().version());
        entry.releaseAll();
      }
    }
    if (held.get() + bytes > options.byteBudget()) {
      throw new IllegalStateException(
          "adapters: expected room for %d bytes within a budget of %d, got %d in use; unload or unpin"
                  .formatted(bytes, options.byteBudget(), held.get())
              + " some, or raise the budget");
    }
  }

  private void released(AdapterVersion version) {
    held.addAndGet(-version.byteSize());
    tell(RegistryEvent.Kind.RELEASED, version.name(), version.version());
  }

  private void tell(RegistryEvent.Kind kind, String name, long version) {
    if (!listeners.isEmpty()) {
      RegistryEvent event = new RegistryEvent(kind, name, version);
      listeners.forEach(listener -> listener.onEvent(event));
    }
  }

  private void requireOpen() {
    if (closed) {
      throw new IllegalStateException("adapters: expected an open registry, got a closed one");
    }
  }

  /** Removes all names; adapters that are leased live on until their leases end. Idempotent. */
  @Override
  public void close() {
    writing.lock();
    try {
      closed = true;
      List.copyOf(entries.keySet()).forEach(this::unload);
    } finally {
      writing.unlock();
    }
  }
}
