package dev.wick.engine;

import dev.wick.engine.spi.DeviceBuffer;
import org.jspecify.annotations.Nullable;

/**
 * Memory that a traced program will use. Identity matters: values that share a storage alias.
 *
 * <p>A storage either is a buffer that exists, such as a weight, or gets a place in the program's
 * arena between the first and the last call that touches it.
 */
final class Storage {
  final long byteSize;
  final @Nullable DeviceBuffer external;

  /** Kept from the first call to the last: inputs are written before, outputs read after. */
  boolean pinned;

  int firstUse = Integer.MAX_VALUE;
  int lastUse = -1;
  long arenaOffset = -1;

  private Storage(long byteSize, @Nullable DeviceBuffer external) {
    this.byteSize = byteSize;
    this.external = external;
  }

  static Storage inArena(long byteSize) {
    return new Storage(byteSize, null);
  }

  static Storage of(DeviceBuffer buffer) {
    return new Storage(buffer.byteSize(), buffer);
  }

  void usedBy(int call) {
    firstUse = Math.min(firstUse, call);
    lastUse = Math.max(lastUse, call);
  }
}
