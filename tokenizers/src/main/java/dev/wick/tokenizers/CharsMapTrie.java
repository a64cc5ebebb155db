package dev.wick.tokenizers;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.BitSet;

/**
 * The normalisation table of sentencepiece as stored: the size of a double-array trie
 * (Darts-clone), its units, and zero-terminated UTF-8 texts that its leaves point to.
 */
final class CharsMapTrie {
  private final int[] units;
  private final byte[] texts;
  private final BitSet seen = new BitSet();

  private CharsMapTrie(int[] units, byte[] texts) {
    this.units = units;
    this.texts = texts;
  }

  /** Whether no key can lead outside the trie or the texts. */
  static boolean isSound(byte[] map) {
    ByteBuffer buffer = ByteBuffer.wrap(map).order(ByteOrder.LITTLE_ENDIAN);
    if (map.length < 8) {
      return false;
    }
    int size = buffer.getInt();
    if (size < 4 || size % 4 != 0 || size > buffer.remaining()) {
      return false;
    }
    int[] units = new int[size / 4];
    buffer.asIntBuffer().get(units);
    byte[] texts = new byte[buffer.remaining() - size];
    buffer.get(4 + size, texts);
    try {
      StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(texts));
    } catch (CharacterCodingException e) {
      return false;
    }
    return new CharsMapTrie(units, texts).walk();
  }

  private boolean walk() {
    BitSet open = new BitSet();
    open.set(offset(units[0]));
    for (int node = open.nextSetBit(0); node >= 0; node = open.nextSetBit(0)) {
      open.clear(node);
      seen.set(node);
      for (int label = 1; label < 256; label++) {
        int position = node ^ label;
        if (position >= units.length) {
          return false;
        }
        int unit = units[position];
        if ((unit & 0x800000FF) != label) {
          continue;
        }
        int next = position ^ offset(unit);
        boolean leaf = ((unit >>> 8) & 1) == 1;
        if (next >= units.length || (leaf && !isText(units[next] & 0x7FFFFFFF))) {
          return false;
        }
        if (!seen.get(next)) {
          open.set(next);
        }
      }
    }
    return true;
  }

  private static int offset(int unit) {
    return (unit >>> 10) << ((unit & (1 << 9)) >>> 6);
  }

  /** Whether a text begins there and not inside a character. */
  private boolean isText(int index) {
    return index < texts.length && (texts[index] & 0xC0) != 0x80;
  }
}
