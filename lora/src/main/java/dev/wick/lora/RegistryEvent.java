package dev.wick.lora;

/**
 * A change in a registry.
 *
 * @param name of the adapter
 * @param version that it concerns
 */
public record RegistryEvent(Kind kind, String name, long version) {
  /** What happened. */
  public enum Kind {
    /** The version became current. */
    PUBLISHED,
    /** The version became current again. */
    ROLLED_BACK,
    /** The name became the active one. */
    ACTIVATED,
    /** The name was removed. */
    UNLOADED,
    /** The name was removed to make room. */
    EVICTED,
    /** The version's memory was given back. */
    RELEASED
  }
}
