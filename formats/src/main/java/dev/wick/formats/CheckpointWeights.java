package dev.wick.formats;

import dev.wick.engine.model.WeightSource;
import java.util.function.Consumer;

/** The weights of a checkpoint in the files of one format, with the names of Hugging Face. */
public sealed interface CheckpointWeights extends WeightSource, AutoCloseable
    permits GgufWeights, SafetensorsWeights {

  /** Bytes of all files. */
  long byteSize();

  /**
   * Reads all files into memory, ahead of their use, and returns when that is done; meant for a
   * thread of its own while kernels warm up. Returns early when the weights are closed or the
   * thread is interrupted. Nothing depends on it: data that were not prefetched are read when used.
   *
   * @param listener called on this thread after every few megabytes
   * @throws IllegalStateException if the weights are closed already
   */
  void prefetch(Consumer<LoadProgress> listener);

  /** Unmaps all files; segments from them then throw {@link IllegalStateException}. */
  @Override
  void close();
}
