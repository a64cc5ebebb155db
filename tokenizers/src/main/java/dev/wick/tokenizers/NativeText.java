package dev.wick.tokenizers;

/** What the native library can be given: it ends the process on a text it cannot cope with. */
final class NativeText {
  /*
   * The patterns that split a text before encoding try white space in several ways (\s*[\r\n]+),
   * and the regular expression engine gives up after ten million steps of one match; the library
   * panics then, which across JNI is an abort.
   */
  static final int MAX_WHITE_SPACE_RUN = 1_000_000;

  private NativeText() {}

  /**
   * The text with every unpaired surrogate replaced by U+FFFD: it is no character, and Java alone
   * can hold it in a string.
   *
   * @throws IllegalArgumentException if there is too much white space in a row
   */
  static String of(String text) {
    StringBuilder copy = null;
    int run = 0;
    int length = text.length();
    for (int i = 0; i < length; i++) {
      char c = text.charAt(i);
      if (isWhiteSpace(c)) {
        if (++run > MAX_WHITE_SPACE_RUN) {
          throw new IllegalArgumentException(
              "encode: expected at most %d white-space characters in a row, got more at %d"
                  .formatted(MAX_WHITE_SPACE_RUN, i));
        }
        continue;
      }
      run = 0;
      if (!Character.isSurrogate(c)) {
        continue;
      }
      if (Character.isHighSurrogate(c)
          && i + 1 < length
          && Character.isLowSurrogate(text.charAt(i + 1))) {
        i++;
        continue;
      }
      if (copy == null) {
        copy = new StringBuilder(text);
      }
      copy.setCharAt(i, '\uFFFD');
    }
    return copy == null ? text : copy.toString();
  }

  private static boolean isWhiteSpace(char c) {
    return c <= ' ' || (c >= 0x85 && (c == 0x85 || Character.isSpaceChar(c)));
  }
}
