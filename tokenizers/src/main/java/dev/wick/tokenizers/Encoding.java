package dev.wick.tokenizers;

import java.util.Objects;

/**
 * Token ids of a text, and for each the part of the text it stands for. Immutable.
 *
 * <p>Offsets count Unicode code points of the original text, start inclusive, end exclusive.
 * Several tokens share the range of a character that they spell together; a token that the pipeline
 * added has the empty range 0 to 0.
 */
public final class Encoding {
  private final int[] ids;
  private final int[] starts;
  private final int[] ends;

  Encoding(int[] ids, int[] starts, int[] ends) {
    this.ids = ids;
    this.starts = starts;
    this.ends = ends;
  }

  /** Number of tokens. */
  public int size() {
    return ids.length;
  }

  /** A copy of the token ids. */
  public int[] ids() {
    return ids.clone();
  }

  /**
   * The id of a token.
   *
   * @throws IndexOutOfBoundsException if there is no such token
   */
  public int id(int index) {
    return ids[Objects.checkIndex(index, ids.length)];
  }

  /**
   * The first code point of the text that a token stands for.
   *
   * @throws IndexOutOfBoundsException if there is no such token
   */
  public int start(int index) {
    return starts[Objects.checkIndex(index, ids.length)];
  }

  /**
   * The code point after the last one that a token stands for.
   *
   * @throws IndexOutOfBoundsException if there is no such token
   */
  public int end(int index) {
    return ends[Objects.checkIndex(index, ids.length)];
  }
}
