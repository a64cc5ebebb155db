package dev.wick.engine.model;

/** Is told how far loading has come. */
@FunctionalInterface
public interface LoadListener {
  /** Hears nothing. */
  LoadListener NONE = (doneBytes, totalBytes) -> {};

  /**
   * Some more of the weights is ready.
   *
   * @param doneBytes bytes ready
   * @param totalBytes bytes in all
   */
  void onProgress(long doneBytes, long totalBytes);
}
