package dev.wick.engine.spi;

import java.util.Objects;

/**
 * What is known of a device before it is opened.
 *
 * @param id backend and index, for example {@code cuda:0}
 * @param kind what it is, which decides the order of automatic choice
 * @param description the maker's words, and what was detected
 * @param memoryBytes memory in bytes, 0 if unknown
 * @param unifiedMemory whether host and device see the same memory
 */
public record DeviceInfo(
    String id, Kind kind, String description, long memoryBytes, boolean unifiedMemory) {
  /** Kinds in order of automatic choice. */
  public enum Kind {
    GPU,
    CPU,
    /** A general library or an oracle: chosen by name, or when nothing else is there. */
    FALLBACK
  }

  public DeviceInfo {
    Objects.requireNonNull(id, "id");
    Objects.requireNonNull(kind, "kind");
    Objects.requireNonNull(description, "description");
    int colon = id.indexOf(':');
    if (colon < 1 || colon == id.length() - 1) {
      throw new IllegalArgumentException("device: expected an id like cuda:0, got " + id);
    }
  }

  /** The part of the id before the colon. */
  public String backend() {
    return id.substring(0, id.indexOf(':'));
  }
}
