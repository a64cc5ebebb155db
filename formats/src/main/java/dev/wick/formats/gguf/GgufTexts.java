package dev.wick.formats.gguf;

import java.nio.charset.StandardCharsets;
import java.util.AbstractList;
import java.util.Objects;
import java.util.RandomAccess;

/**
 * A list of texts that are made when they are asked for: a vocabulary has 150,000, and most readers
 * of a file want none of them. Immutable.
 */
final class GgufTexts extends AbstractList<String> implements RandomAccess {
  private final byte[] utf8;
  private final int[] ends;

  /** Trusts its arguments: all texts one after the other, and where each ends. */
  GgufTexts(byte[] utf8, int[] ends) {
    this.utf8 = utf8;
    this.ends = ends;
  }

  @Override
  public String get(int index) {
    Objects.checkIndex(index, ends.length);
    int begin = index == 0 ? 0 : ends[index - 1];
    return new String(utf8, begin, ends[index] - begin, StandardCharsets.UTF_8);
  }

  @Override
  public int size() {
    return ends.length;
  }
}
