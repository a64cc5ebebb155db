package dev.wick.tokenizers;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.BitSet;

/**
 * The vocabulary as flat arrays: a real one has 150,000 tokens, and as many objects would cost ten
 * times the memory. Immutable once built.
 */
final class TokenTable {
  /** Ids beyond this are a damaged file: the tables below are as long as the largest id. */
  static final int MAX_ID = (1 << 24) - 1;

  private static final int NONE = -1;

  private int count;
  private int[] idOfEntry = new int[1024];
  private int[] textEnd = new int[1024];
  private byte[] text = new byte[16 * 1024];
  private int[] slots = new int[4096];
  private int[] entryOfId = new int[0];
  private final BitSet special = new BitSet();
  private byte[] spelled = new byte[0];
  private int[] spelledEnd = new int[0];

  TokenTable() {
    Arrays.fill(slots, NONE);
  }

  /** Adds a token, or gives an existing one another id. */
  void put(String token, int id) {
    byte[] utf8 = token.getBytes(StandardCharsets.UTF_8);
    int slot = slotOf(utf8);
    int entry = slots[slot];
    if (entry == NONE) {
      entry = append(utf8);
      slots[slot] = entry;
      if (2 * count > slots.length) {
        rehash();
      }
    }
    idOfEntry[entry] = id;
  }

  private int append(byte[] utf8) {
    if (count == idOfEntry.length) {
      idOfEntry = Arrays.copyOf(idOfEntry, 2 * count);
      textEnd = Arrays.copyOf(textEnd, 2 * count);
    }
    int begin = textBegin(count);
    int end = Math.addExact(begin, utf8.length);
    if (end > text.length) {
      text = Arrays.copyOf(text, Math.max(2 * text.length, end));
    }
    System.arraycopy(utf8, 0, text, begin, utf8.length);
    textEnd[count] = end;
    return count++;
  }

  private int textBegin(int entry) {
    return entry == 0 ? 0 : textEnd[entry - 1];
  }

  private int slotOf(byte[] utf8) {
    int slot = spread(hash(utf8, 0, utf8.length));
    while (slots[slot] != NONE && !equals(slots[slot], utf8)) {
      slot = (slot + 1) & (slots.length - 1);
    }
    return slot;
  }

  private boolean equals(int entry, byte[] utf8) {
    return Arrays.equals(text, textBegin(entry), textEnd[entry], utf8, 0, utf8.length);
  }

  private int spread(int hash) {
    return (hash ^ (hash >>> 15)) & (slots.length - 1);
  }

  private static int hash(byte[] bytes, int from, int to) {
    int hash = 0;
    for (int i = from; i < to; i++) {
      hash = 31 * hash + bytes[i];
    }
    return hash * 0x9E3779B9;
  }

  private void rehash() {
    slots = new int[2 * slots.length];
    Arrays.fill(slots, NONE);
    for (int entry = 0; entry < count; entry++) {
      int slot = spread(hash(text, textBegin(entry), textEnd[entry]));
      while (slots[slot] != NONE) {
        slot = (slot + 1) & (slots.length - 1);
      }
      slots[slot] = entry;
    }
  }

  /** Ends the building: ids can be looked up from here on. */
  void freeze(boolean byteLevel) {
    idOfEntry = Arrays.copyOf(idOfEntry, count);
    textEnd = Arrays.copyOf(textEnd, count);
    text = Arrays.copyOf(text, textBegin(count));
    int maxId = NONE;
    for (int id : idOfEntry) {
      maxId = Math.max(maxId, id);
    }
    entryOfId = new int[maxId + 1];
    Arrays.fill(entryOfId, NONE);
    for (int entry = 0; entry < count; entry++) {
      entryOfId[idOfEntry[entry]] = entry; // An added token shadows a vocabulary entry of its id.
    }
    if (byteLevel) {
      spell();
    }
  }

  private void spell() {
    spelled = new byte[text.length];
    spelledEnd = new int[count];
    int end = 0;
    for (int entry = 0; entry < count; entry++) {
      byte[] bytes = ByteLevelAlphabet.bytesOf(textOf(entry));
      System.arraycopy(bytes, 0, spelled, end, bytes.length);
      end += bytes.length;
      spelledEnd[entry] = end;
    }
    spelled = Arrays.copyOf(spelled, end);
  }

  void markSpecial(int id) {
    special.set(id);
  }

  /** Number of tokens. */
  int size() {
    return count;
  }

  boolean isSpecial(int id) {
    return id >= 0 && special.get(id);
  }

  /** The id of a token, or -1. */
  int find(String token) {
    int entry = slots[slotOf(token.getBytes(StandardCharsets.UTF_8))];
    return entry == NONE ? NONE : idOfEntry[entry];
  }

  boolean contains(int id) {
    return id >= 0 && id < entryOfId.length && entryOfId[id] != NONE;
  }

  /** The token of an id that {@link #contains}. */
  String text(int id) {
    return textOf(entryOfId[id]);
  }

  private String textOf(int entry) {
    int begin = textBegin(entry);
    return new String(text, begin, textEnd[entry] - begin, StandardCharsets.UTF_8);
  }

  /** Feeds the bytes that an id spells; an unknown id spells nothing, as in tokenizers. */
  void appendBytes(int id, boolean skipSpecial, Utf8Assembler utf8, StringBuilder out) {
    if (!contains(id) || (skipSpecial && special.get(id))) {
      return;
    }
    int entry = entryOfId[id];
    utf8.accept(spelled, entry == 0 ? 0 : spelledEnd[entry - 1], spelledEnd[entry], out);
  }
}
