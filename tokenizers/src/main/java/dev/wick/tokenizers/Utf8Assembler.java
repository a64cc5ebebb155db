package dev.wick.tokenizers;

/**
 * Turns UTF-8 that arrives in pieces into characters; one thread at a time.
 *
 * <p>Each maximal invalid subpart becomes one U+FFFD, as soon as it is known to be invalid (the
 * states are those of the WHATWG Encoding Standard's UTF-8 decoder). One exception keeps the pieces
 * equal to those of Python's incremental decoder: the first two bytes of an encoded surrogate wait
 * for the next byte, although nothing can make them valid.
 */
final class Utf8Assembler {
  private static final char REPLACEMENT = '\uFFFD';

  private int codePoint;
  private int missing;
  private int lower = 0x80;
  private int upper = 0xBF;
  private boolean surrogate;

  void accept(byte[] bytes, int from, int to, StringBuilder out) {
    for (int i = from; i < to; i++) {
      accept(bytes[i] & 0xFF, out);
    }
  }

  private void accept(int b, StringBuilder out) {
    if (missing > 0 && b >= lower && b <= upper) {
      lower = 0x80;
      upper = 0xBF;
      codePoint = (codePoint << 6) | (b & 0x3F);
      if (--missing == 0) {
        out.appendCodePoint(codePoint);
      }
      return;
    }
    if (missing == 2 && upper == 0x9F && b > upper && b <= 0xBF) {
      surrogate = true;
      missing = 0;
      upper = 0xBF;
      return;
    }
    finish(out); // The byte itself may begin a character.
    if (b < 0x80) {
      out.append((char) b);
    } else if (b >= 0xC2 && b <= 0xDF) {
      begin(b & 0x1F, 1);
    } else if (b >= 0xE0 && b <= 0xEF) {
      begin(b & 0x0F, 2);
      if (b == 0xE0) {
        lower = 0xA0; // shorter forms exist
      } else if (b == 0xED) {
        upper = 0x9F; // surrogates
      }
    } else if (b >= 0xF0 && b <= 0xF4) {
      begin(b & 0x07, 3);
      if (b == 0xF0) {
        lower = 0x90;
      } else if (b == 0xF4) {
        upper = 0x8F; // beyond U+10FFFF
      }
    } else {
      out.append(REPLACEMENT);
    }
  }

  private void begin(int leadBits, int continuationBytes) {
    codePoint = leadBits;
    missing = continuationBytes;
  }

  /** Gives up on a begun character, if there is one. */
  void finish(StringBuilder out) {
    if (missing > 0) {
      missing = 0;
      lower = 0x80;
      upper = 0xBF;
      out.append(REPLACEMENT);
    } else if (surrogate) {
      surrogate = false;
      out.append(REPLACEMENT).append(REPLACEMENT); // Each of its bytes is invalid by itself.
    }
  }
}
