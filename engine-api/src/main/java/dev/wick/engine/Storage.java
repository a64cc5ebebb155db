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

  /** What this one takes the place of, when its life is over. */
  private @Nullable Storage replaced;

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

  /** Takes the place of another storage of the same size, whose life ends where this one begins. */
  void replace(Storage other) {
    replaced = other;
    Storage place = place();
    place.lastUse = Math.max(place.lastUse, lastUse);
  }

  /** The first of those that take each other's place, which is placed for all of them. */
  Storage place() {
    Storage first = this;
    while (first.replaced != null) {
      first = first.replaced;
    }
    return first;
  }

  void usedBy(int call) {
    firstUse = Math.min(firstUse, call);
    lastUse = Math.max(lastUse, call);
  }
}
