package dev.wick.engine.nd4j;

import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.ndarray.INDArray;

/** A copy of part of a buffer in ND4J's own memory, renewed once the buffer was written. */
final class Mirror {
  private @Nullable INDArray array;
  private long seenWrites;

  /**
   * The copy.
   *
   * @param writes how often the buffer has been written
   * @param copy makes a new one
   */
  synchronized INDArray array(long writes, Supplier<INDArray> copy) {
    INDArray current = array;
    if (current == null || seenWrites != writes) {
      close();
      current = copy.get();
      array = current;
      seenWrites = writes;
    }
    return current;
  }

  synchronized void close() {
    if (array != null) {
      array.close();
      array = null;
    }
  }
}
