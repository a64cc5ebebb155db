package dev.wick.engine.nd4j;

import dev.wick.engine.tensor.Layout;
import dev.wick.engine.tensor.Shape;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;

/**
 * Memory that the kernels of one recording use one after another, and what else they share. Freed
 * with the recording.
 */
final class Scratch implements AutoCloseable {
  private final Map<Object, Object> shared = new HashMap<>();
  private final List<HostMemory> blocks = new ArrayList<>();

  /** What is kept under a key, made if there is none. */
  <T> T shared(Class<T> type, Object key, Supplier<T> make) {
    Object found = shared.get(key);
    if (found == null) {
      found = make.get();
      shared.put(key, found);
    }
    return type.cast(found);
  }

  /** A row-major F32 matrix in memory that only the caller uses. */
  Matrix matrix(long rows, long columns) {
    HostMemory block = HostMemory.allocate(Math.max(1, rows * columns) * Float.BYTES);
    blocks.add(block);
    return new Matrix(block.segment(), 0, Layout.contiguous(Shape.of(rows, columns)), null);
  }

  @Override
  public void close() {
    shared.clear();
    blocks.forEach(HostMemory::free);
    blocks.clear();
  }
}
