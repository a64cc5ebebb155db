package dev.wick.streaming.sampling;

import java.util.Arrays;

/**
 * The tokens of one sequence so far, prompt first, with the distinct ones and their counts.
 *
 * <p>Grows geometrically, so that adding a token rarely allocates. One thread at a time.
 */
public final class TokenHistory {
  private int[] tokens = new int[64];
  private int size;

  // Open addressing over the distinct tokens: slot -> 1 + index into distinct, 0 for a free slot.
  private int[] slots = new int[128];
  private int[] distinct = new int[64];
  private int[] generatedCounts = new int[64];
  private int[] firstPositions = new int[64];
  private int numDistinct;

  /** An empty history. */
  public TokenHistory() {}

  /** Number of tokens, prompt included. */
  public int size() {
    return size;
  }

  /** The token at a position, 0 being the first of the prompt. */
  public int token(int position) {
    return tokens[checked(position, size, "token")];
  }

  /** Number of distinct tokens, prompt included. */
  public int numDistinct() {
    return numDistinct;
  }

  /** A distinct token, in order of first appearance. */
  public int distinct(int index) {
    return distinct[checked(index, numDistinct, "distinct")];
  }

  /** How often a distinct token was generated; 0 for a token that only the prompt has. */
  public int generatedCount(int index) {
    return generatedCounts[checked(index, numDistinct, "generatedCount")];
  }

  void clear() {
    size = 0;
    numDistinct = 0;
    Arrays.fill(slots, 0);
  }

  void addPrompt(int token) {
    append(token);
  }

  void addGenerated(int token) {
    int index = append(token); // before the array is read: it may be replaced
    generatedCounts[index]++;
  }

  /** Takes the last token back, which was generated. */
  void removeGenerated() {
    int slot = slotOf(tokens[--size]);
    int index = slots[slot] - 1;
    generatedCounts[index]--;
    if (firstPositions[index] == size) {
      // The newest of the distinct tokens: none has probed its slot since.
      slots[slot] = 0;
      numDistinct--;
    }
  }

  private int append(int token) {
    if (size == tokens.length) {
      tokens = Arrays.copyOf(tokens, size * 2);
    }
    tokens[size++] = token;
    int slot = slotOf(token);
    if (slots[slot] != 0) {
      return slots[slot] - 1;
    }
    if (numDistinct == distinct.length) {
      grow();
      slot = slotOf(token);
    }
    distinct[numDistinct] = token;
    generatedCounts[numDistinct] = 0;
    firstPositions[numDistinct] = size - 1;
    slots[slot] = ++numDistinct;
    return numDistinct - 1;
  }

  private int slotOf(int token) {
    int mask = slots.length - 1;
    int slot = ((token * 0x9E3779B9) >>> 7) & mask;
    while (slots[slot] != 0 && distinct[slots[slot] - 1] != token) {
      slot = (slot + 1) & mask;
    }
    return slot;
  }

  private void grow() {
    distinct = Arrays.copyOf(distinct, numDistinct * 2);
    generatedCounts = Arrays.copyOf(generatedCounts, numDistinct * 2);
    firstPositions = Arrays.copyOf(firstPositions, numDistinct * 2);
    slots = new int[slots.length * 2];
    for (int i = 0; i < numDistinct; i++) {
      slots[slotOf(distinct[i])] = i + 1;
    }
  }

  private static int checked(int index, int bound, String op) {
    if (index < 0 || index >= bound) {
      throw new IndexOutOfBoundsException(
          "%s: expected an index below %d, got %d".formatted(op, bound, index));
    }
    return index;
  }
}
