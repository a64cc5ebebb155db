package dev.wick.engine.model;

import dev.wick.engine.tensor.TensorSpec;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.Optional;
import java.util.Set;

/** Named tensors of a checkpoint, mapped lazily and never widened. Thread-safe. */
public interface WeightSource {
  /** Names of all tensors, as the file has them. */
  Set<String> names();

  /** Type and shape of a tensor, or empty if there is none of that name; touches no data. */
  Optional<TensorSpec> find(String name);

  /**
   * The bytes of a tensor, little-endian and contiguous, valid until the source is closed.
   *
   * @throws IOException if the tensor is missing or its file cannot be mapped; the message names
   *     both
   */
  MemorySegment data(String name) throws IOException;
}
