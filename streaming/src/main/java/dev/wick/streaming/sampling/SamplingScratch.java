package dev.wick.streaming.sampling;

import org.jspecify.annotations.Nullable;

/**
 * The arrays in which a {@link Sampler} works, a few floats per entry of the vocabulary; made at
 * the first step that needs them. Samplers may use one after the other, never at the same time.
 */
public final class SamplingScratch {
  private final int vocabSize;
  private @Nullable Candidates candidates;

  /**
   * Scratch without arrays yet.
   *
   * @param vocabSize entries in a row of logits
   */
  public SamplingScratch(int vocabSize) {
    Arguments.require(vocabSize >= 1, "vocab_size", "at least 1", vocabSize);
    this.vocabSize = vocabSize;
  }

  int vocabSize() {
    return vocabSize;
  }

  Candidates candidates() {
    Candidates existing = candidates;
    if (existing == null) {
      existing = new Candidates(vocabSize);
      candidates = existing;
    }
    return existing;
  }
}
