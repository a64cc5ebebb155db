package dev.wick.engine.nd4j.host;

/**
 * An operation on fixed places in memory, ready to run any number of times. One thread at a time.
 */
@FunctionalInterface
public interface Kernel {
  /** Computes the results from what the operands hold now. */
  void run();
}
