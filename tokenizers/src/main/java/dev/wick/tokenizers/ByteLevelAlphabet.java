package dev.wick.tokenizers;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * The printable alphabet in which byte-level vocabularies spell bytes (GPT-2, Radford et al. 2019):
 * printable Latin-1 stands for itself, the other 68 bytes for U+0100 and upwards in order.
 */
final class ByteLevelAlphabet {
  private static final int SIZE = 0x144;
  private static final short[] BYTE_OF_CHAR = new short[SIZE];

  static {
    Arrays.fill(BYTE_OF_CHAR, (short) -1);
    int next = 0x100;
    for (int b = 0; b < 256; b++) {
      boolean printable = (b >= '!' && b <= '~') || (b >= 0xA1 && b != 0xAD);
      BYTE_OF_CHAR[printable ? b : next++] = (short) b;
    }
  }

  private ByteLevelAlphabet() {}

  /** The bytes a token spells; a token with a character outside the alphabet is its own text. */
  static byte[] bytesOf(String token) {
    byte[] bytes = new byte[token.length()];
    for (int i = 0; i < bytes.length; i++) {
      char c = token.charAt(i);
      short b = c < SIZE ? BYTE_OF_CHAR[c] : -1;
      if (b < 0) {
        return token.getBytes(StandardCharsets.UTF_8);
      }
      bytes[i] = (byte) b;
    }
    return bytes;
  }
}
