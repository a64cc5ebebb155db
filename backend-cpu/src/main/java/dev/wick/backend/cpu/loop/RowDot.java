package dev.wick.backend.cpu.loop;

import java.lang.foreign.MemorySegment;

/**
 * Dot products of the rows of a matrix, read in the type in which it is stored, with prepared F32
 * vectors.
 *
 * <p>Offsets and strides are bytes, counts are elements. The elements of a row lie next to each
 * other.
 */
public interface RowDot {
  /** Bytes of scratch that a call takes on rows in F32, BF16 and F16. */
  long SCRATCH_BYTES = 1 << 12;

  /** Bytes that a prepared vector of {@code n} elements takes: a multiple of 64. */
  static long preparedBytes(int n) {
    return (4L * n + 63) & -64;
  }

  /**
   * Reorders and scales {@code x[0..n)} into the form that the loops of this type read; for F32
   * that is x itself.
   */
  void prepare(MemorySegment x, long xOffset, int n, MemorySegment prepared, long preparedOffset);

  /** Whether {@link #prepare} only copies, so that vectors can be read where they are. */
  default boolean readsPlain() {
    return false;
  }

  /** Whether these loops take rows of {@code n} elements. */
  default boolean takes(int n) {
    return true;
  }

  /** {@code y[r] = w[r] · x} for {@code rows} rows of {@code n} elements. */
  void one(
      MemorySegment w,
      long wOffset,
      long wRowBytes,
      int rows,
      int n,
      MemorySegment x,
      long xOffset,
      MemorySegment y,
      long yOffset,
      MemorySegment scratch,
      long scratchOffset);

  /** Vectors that {@link #few} takes at most, at least 4. */
  default int maxVectors() {
    return 4;
  }

  /**
   * {@code y[i][r] = w[r] · x[i]} for {@code vectors} vectors, 1 to {@link #maxVectors}: every
   * element of the matrix is read and decoded once for all of them.
   */
  void few(
      MemorySegment w,
      long wOffset,
      long wRowBytes,
      int rows,
      int n,
      int vectors,
      MemorySegment x,
      long xOffset,
      long xRowBytes,
      MemorySegment y,
      long yOffset,
      long yRowBytes,
      MemorySegment scratch,
      long scratchOffset);

  /** Bytes of scratch that a call on rows of {@code n} elements takes. */
  default long scratchBytes(int n) {
    return SCRATCH_BYTES;
  }

  /** Whether {@link #few} runs at full speed; {@link #one} gives the same sums. */
  default boolean isFewReady() {
    return true;
  }

  /** Says whether {@link #few} has been compiled; for whoever warms it up. */
  default void fewReady(boolean ready) {}
}
