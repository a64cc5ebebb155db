package dev.wick.engine.spi;

/** Operations prepared to be run again and again on the queue that recorded them. */
@FunctionalInterface
public interface Recording extends AutoCloseable {
  /** Enqueues the operations; allocates nothing on the heap in steady state. */
  void run();

  /** Frees what was prepared; the default has nothing to free. */
  @Override
  default void close() {}
}
