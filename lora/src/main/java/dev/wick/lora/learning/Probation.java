package dev.wick.lora.learning;

import dev.wick.lora.AdapterLease;

/**
 * A published version that has to prove itself.
 *
 * @param before a lease of the version from which it was trained
 * @param version the published one
 */
record Probation(AdapterLease before, long version) implements AutoCloseable {
  @Override
  public void close() {
    before.close();
  }
}
