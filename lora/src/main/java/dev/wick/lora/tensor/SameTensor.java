package dev.wick.lora.tensor;

import dev.wick.engine.tensor.HostTensor;
import java.lang.foreign.MemorySegment;

/** Whether two tensors hold the same numbers, be it in different types. */
public final class SameTensor {
  /** Elements widened at a time. */
  private static final int CHUNK = 1 << 14;

  private SameTensor() {}

  public static boolean test(HostTensor x, HostTensor y) {
    if (!x.shape().equals(y.shape())) {
      return false;
    }
    if (x.spec().dtype() == y.spec().dtype()) {
      return x.data().mismatch(y.data()) < 0;
    }
    MemorySegment left = MemorySegment.ofArray(new float[CHUNK]);
    MemorySegment right = MemorySegment.ofArray(new float[CHUNK]);
    long size = x.shape().size();
    for (long begin = 0; begin < size; begin += CHUNK) {
      long count = Math.min(CHUNK, size - begin);
      FlatPart.of(x, begin, count).toFloat(left);
      FlatPart.of(y, begin, count).toFloat(right);
      if (left.asSlice(0, 4 * count).mismatch(right.asSlice(0, 4 * count)) >= 0) {
        return false;
      }
    }
    return true;
  }
}
