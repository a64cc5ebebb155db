package dev.wick.engine;

import dev.wick.engine.spi.DeviceBuffer;
import org.jspecify.annotations.Nullable;

/**
 * Memory that programs use in turns: as much as the largest of them needs, where each would have
 * its own otherwise. What one leaves in its inputs, outputs and intermediate values is lost when
 * another runs. One thread at a time.
 */
public final class SharedArena implements AutoCloseable {
  private final Engine engine;
  private @Nullable DeviceBuffer buffer;
  private int growths;

  /** An arena without memory, for programs of an engine. */
  public SharedArena(Engine engine) {
    this.engine = engine;
  }

  /**
   * How often the memory was replaced by more. Programs made before cannot run any more, and hold
   * what they had until they are closed.
   */
  public int growths() {
    return growths;
  }

  DeviceBuffer atLeast(long bytes) {
    DeviceBuffer current = buffer;
    if (current == null || current.byteSize() < bytes) {
      DeviceBuffer larger = engine.device().allocate(bytes);
      close();
      buffer = larger;
      growths++;
      return larger;
    }
    return current;
  }

  /** Frees the memory once no program uses it; idempotent. */
  @Override
  public void close() {
    if (buffer != null) {
      buffer.close();
      buffer = null;
    }
  }
}
