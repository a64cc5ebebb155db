package dev.wick.lora;

import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.atomic.LongAdder;

/**
 * The versions of one name, newest first, of which the registry holds a reference each. Read by
 * anybody; written by one thread at a time.
 */
final class RegistryEntry {
  private final String name;
  private final Optional<String> self;
  private final AtomicReference<List<AdapterVersion>> versions;
  private final LongAdder uses = new LongAdder();
  private volatile long lastUse = System.nanoTime();
  private volatile boolean pinned;

  RegistryEntry(String name, AdapterVersion first) {
    this.name = name;
    this.self = Optional.of(name);
    this.versions = new AtomicReference<>(List.of(first));
  }

  String name() {
    return name;
  }

  /** The name as the registry's pointer to the active one holds it. */
  Optional<String> self() {
    return self;
  }

  AdapterVersion current() {
    return versions.get().getFirst();
  }

  /** A lease of the current version; empty if it has just been let go. */
  Optional<AdapterLease> lease() {
    AdapterVersion version = current();
    if (!version.retain()) {
      return Optional.empty();
    }
    uses.increment();
    lastUse = System.nanoTime();
    return Optional.of(new AdapterLease(version));
  }

  void push(AdapterVersion version, int kept) {
    List<AdapterVersion> before = versions.get();
    List<AdapterVersion> after = new ArrayList<>(before.size() + 1);
    after.add(version);
    after.addAll(before.subList(0, Math.min(kept - 1, before.size())));
    versions.set(List.copyOf(after));
    before.subList(after.size() - 1, before.size()).forEach(AdapterVersion::release);
  }

  long pop() {
    List<AdapterVersion> before = versions.get();
    if (before.size() < 2) {
      throw new IllegalStateException(
          "adapters: expected an earlier version of %s, got none kept beside version %d"
              .formatted(name, before.getFirst().version()));
    }
    versions.set(List.copyOf(before.subList(1, before.size())));
    before.getFirst().release();
    return current().version();
  }

  void dropEarlier() {
    List<AdapterVersion> before = versions.get();
    versions.set(List.of(before.getFirst()));
    before.subList(1, before.size()).forEach(AdapterVersion::release);
  }

  void releaseAll() {
    versions.get().forEach(AdapterVersion::release);
  }

  boolean isPinned() {
    return pinned;
  }

  void setPinned(boolean value) {
    pinned = value;
  }

  boolean isLeased() {
    return leases() > 0;
  }

  long lastUse() {
    return lastUse;
  }

  private int leases() {
    return versions.get().stream().mapToInt(AdapterVersion::leases).sum();
  }

  AdapterStatus status(Optional<String> active) {
    List<AdapterVersion> all = versions.get();
    return new AdapterStatus(
        name,
        all.getFirst().version(),
        all.stream().skip(1).map(AdapterVersion::version).toList(),
        all.stream().mapToLong(AdapterVersion::byteSize).sum(),
        uses.sum(),
        Instant.now().minusNanos(System.nanoTime() - lastUse),
        leases(),
        pinned,
        active.equals(self));
  }
}
