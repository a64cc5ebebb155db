package dev.wick.tokenizers.jinja;

/** Decodes the escapes of a string literal as Python's {@code unicode-escape} codec does. */
final class StringLiteral {
  private final String body;
  private final int line;
  private final StringBuilder out = new StringBuilder();
  private int position;

  private StringLiteral(String body, int line) {
    this.body = body;
    this.line = line;
  }

  static String decode(String body, int line) {
    if (body.indexOf('\\') < 0) {
      return body;
    }
    StringLiteral literal = new StringLiteral(body, line);
    while (literal.position < body.length()) {
      char c = body.charAt(literal.position++);
      if (c == '\\') {
        literal.escape();
      } else {
        literal.out.append(c);
      }
    }
    return literal.out.toString();
  }

  private void escape() {
    int c = body.codePointAt(position);
    position += Character.charCount(c);
    switch (c) {
      case '\n' -> {}
      case '\\', '\'', '"' -> out.append((char) c);
      case 'a' -> out.append('\u0007');
      case 'b' -> out.append('\b');
      case 'f' -> out.append('\f');
      case 'n' -> out.append('\n');
      case 'r' -> out.append('\r');
      case 't' -> out.append('\t');
      case 'v' -> out.append('\u000b');
      case 'x' -> hex(2, "truncated \\xXX escape");
      case 'u' -> hex(4, "truncated \\uXXXX escape");
      case 'U' -> hex(8, "truncated \\UXXXXXXXX escape");
      case 'N' -> named();
      default -> {
        if (c >= '0' && c <= '7') {
          position--;
          octal();
        } else if (c < 0x80) {
          out.append('\\').append((char) c);
        } else {
          // The codec sees the character as an escape itself, of which the backslash is eaten.
          out.append('\\')
              .append((c < 0x100 ? "x%02x" : c < 0x10000 ? "u%04x" : "U%08x").formatted(c));
        }
      }
    }
  }

  private void hex(int digits, String failure) {
    int value = 0;
    for (int i = 0; i < digits; i++) {
      int digit = position < body.length() ? Character.digit(body.charAt(position), 16) : -1;
      if (digit < 0) {
        throw new SyntaxError(failure, line);
      }
      value = value << 4 | digit;
      position++;
    }
    if (!Character.isValidCodePoint(value)) {
      throw new SyntaxError("illegal Unicode character", line);
    }
    out.appendCodePoint(value);
  }

  private void octal() {
    int value = 0;
    for (int i = 0; i < 3 && position < body.length(); i++) {
      int digit = Character.digit(body.charAt(position), 8);
      if (digit < 0) {
        break;
      }
      value = value << 3 | digit;
      position++;
    }
    out.append((char) value);
  }

  private void named() {
    int close = body.indexOf('}', position);
    if (position >= body.length() || body.charAt(position) != '{' || close < 0) {
      throw new SyntaxError("malformed \\N character escape", line);
    }
    try {
      out.appendCodePoint(Character.codePointOf(body.substring(position + 1, close)));
    } catch (IllegalArgumentException e) {
      throw new SyntaxError("unknown Unicode character name", line);
    }
    position = close + 1;
  }
}
