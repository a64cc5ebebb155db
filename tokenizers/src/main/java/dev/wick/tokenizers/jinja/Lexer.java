package dev.wick.tokenizers.jinja;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;

/**
 * Splits template source into tokens, with {@code trim_blocks} and {@code lstrip_blocks} applied to
 * the data.
 */
final class Lexer {
  private static final int MAX_TOKENS = 1_000_000;

  private final String source;
  private final List<Token> tokens = new ArrayList<>();
  private int position;
  private int line = 1;
  private int lineAt;
  private boolean lineStarting = true;

  private Lexer(String source) {
    this.source = source;
  }

  static List<Token> tokenize(String source) {
    String normal = source.replace("\r\n", "\n").replace('\r', '\n');
    Lexer lexer =
        new Lexer(normal.endsWith("\n") ? normal.substring(0, normal.length() - 1) : normal);
    lexer.root();
    lexer.add(TokenType.END, "");
    return lexer.tokens;
  }

  private void root() {
    while (position < source.length()) {
      int open = nextOpening(position);
      if (open < 0) {
        add(TokenType.DATA, source.substring(position));
        position = source.length();
        return;
      }
      char kind = source.charAt(open + 1);
      int inside = open + 2;
      char sign = sign(inside);
      int raw = kind == '%' ? rawBegin(inside) : -1;
      data(source.substring(position, open), sign, kind != '{');
      position = sign == 0 ? inside : inside + 1;
      if (raw >= 0) {
        position = raw;
        raw();
      } else if (kind == '#') {
        comment();
      } else if (kind == '%') {
        add(TokenType.BLOCK_BEGIN, "{%");
        tag("%}", TokenType.BLOCK_END);
      } else {
        add(TokenType.PRINT_BEGIN, "{{");
        tag("}}", TokenType.PRINT_END);
      }
      lineStarting = source.charAt(position - 1) == '\n';
    }
  }

  private int nextOpening(int from) {
    for (int i = source.indexOf('{', from); i >= 0; i = source.indexOf('{', i + 1)) {
      char next = at(i + 1);
      if (next == '%' || next == '{' || next == '#') {
        return i;
      }
    }
    return -1;
  }

  /** Adds the text before a tag, stripped as the tag's sign or lstrip_blocks ask. */
  private void data(String text, char sign, boolean mayStrip) {
    String kept = text;
    if (sign == '-') {
      kept = Texts.stripRight(text, null);
    } else if (sign != '+' && mayStrip) {
      int start = text.lastIndexOf('\n') + 1;
      if ((start > 0 || lineStarting) && Texts.strip(text.substring(start), null).isEmpty()) {
        kept = text.substring(0, start);
      }
    }
    if (!kept.isEmpty()) {
      add(TokenType.DATA, kept);
    }
  }

  private char sign(int index) {
    char c = at(index);
    return c == '-' || c == '+' ? c : 0;
  }

  private char at(int index) {
    return index < source.length() ? source.charAt(index) : 0;
  }

  private int skipSpace(int index) {
    int end = index;
    while (end < source.length() && Texts.isSpace(source.charAt(end))) {
      end++;
    }
    return end;
  }

  /** Returns the position after {@code raw %}} if the tag that begins here is one, else -1. */
  private int rawBegin(int inside) {
    int index = skipSpace(sign(inside) == 0 ? inside : inside + 1);
    if (!source.startsWith("raw", index)) {
      return -1;
    }
    index = skipSpace(index + 3);
    if (source.startsWith("-%}", index)) {
      return skipSpace(index + 3);
    }
    return source.startsWith("%}", index) ? index + 2 : -1;
  }

  private void raw() {
    for (int open = source.indexOf("{%", position);
        open >= 0;
        open = source.indexOf("{%", open + 1)) {
      char sign = sign(open + 2);
      int index = skipSpace(sign == 0 ? open + 2 : open + 3);
      if (source.startsWith("endraw", index)) {
        int end = closing(skipSpace(index + 6), "%}");
        if (end >= 0) {
          lineStarting = source.charAt(position - 1) == '\n';
          data(source.substring(position, open), sign, true);
          position = end;
          return;
        }
      }
    }
    if (position < source.length()) {
      throw new SyntaxError("missing end of raw directive", lineOf(position));
    }
  }

  private void comment() {
    int close = source.indexOf("#}", position);
    if (position == source.length()) {
      return;
    }
    if (close < 0) {
      throw new SyntaxError("missing end of comment tag", lineOf(position));
    }
    boolean signed =
        close > position && (source.charAt(close - 1) == '-' || source.charAt(close - 1) == '+');
    position = closing(signed ? close - 1 : close, "#}");
  }

  /**
   * Returns the position after a closing delimiter and the space it swallows, or -1 if there is
   * none here.
   */
  private int closing(int index, String delimiter) {
    if (source.startsWith("-" + delimiter, index)) {
      return skipSpace(index + 3);
    }
    if (source.startsWith("+" + delimiter, index)) {
      return index + 3;
    }
    if (!source.startsWith(delimiter, index)) {
      return -1;
    }
    return at(index + 2) == '\n' ? index + 3 : index + 2;
  }

  private void tag(String delimiter, TokenType end) {
    Deque<String> open = new ArrayDeque<>();
    while (position < source.length()) {
      if (open.isEmpty()) {
        int after = end == TokenType.BLOCK_END ? closing(position, delimiter) : printEnd(position);
        if (after >= 0) {
          add(end, delimiter);
          position = after;
          return;
        }
      }
      char c = source.charAt(position);
      if (Texts.isSpace(c)) {
        position++;
      } else if (c >= '0' && c <= '9') {
        number();
      } else if (isWord(source.codePointAt(position))) {
        name();
      } else if ((c == '\'' || c == '"') && stringEnd() > 0) {
        string();
      } else {
        operator(open);
      }
    }
  }

  private int printEnd(int index) {
    if (source.startsWith("-}}", index)) {
      return skipSpace(index + 3);
    }
    return source.startsWith("}}", index) ? index + 2 : -1;
  }

  private void number() {
    NumberScanner scanner = new NumberScanner(source, position);
    int end = scanner.end();
    String digits = source.substring(position, end).replace("_", "");
    try {
      Object value = scanner.isFloat() ? Double.valueOf(digits) : NumberText.parseInt(digits, 0);
      if (value == null) {
        throw new SyntaxError("bad number '" + digits + "'", lineOf(position));
      }
      tokens.add(
          new Token(
              scanner.isFloat() ? TokenType.FLOAT : TokenType.INTEGER,
              digits,
              value,
              lineOf(position)));
    } catch (PythonError error) {
      throw new SyntaxError(error.reason(), lineOf(position));
    }
    position = end;
  }

  private static boolean isWord(int c) {
    return c == '_'
        || Character.isLetterOrDigit(c)
        || (Character.isUnicodeIdentifierPart(c) && !Character.isISOControl(c));
  }

  private void name() {
    int start = position;
    int end = position;
    while (end < source.length() && isWord(source.codePointAt(end))) {
      end += Character.charCount(source.codePointAt(end));
    }
    String name = source.substring(start, end);
    int first = name.codePointAt(0);
    if (first != '_' && !Character.isUnicodeIdentifierStart(first)) {
      throw new SyntaxError("invalid character in identifier", lineOf(start));
    }
    add(TokenType.NAME, name);
    position = end;
  }

  /** Returns the position after the string that begins here, or -1 if it does not end. */
  private int stringEnd() {
    char quote = source.charAt(position);
    for (int i = position + 1; i < source.length(); i++) {
      char c = source.charAt(i);
      if (c == '\\') {
        i++;
      } else if (c == quote) {
        return i + 1;
      }
    }
    return -1;
  }

  private void string() {
    int end = stringEnd();
    String body = source.substring(position + 1, end - 1);
    add(TokenType.STRING, StringLiteral.decode(body, lineOf(position)));
    position = end;
  }

  private void operator(Deque<String> open) {
    String two = source.substring(position, Math.min(position + 2, source.length()));
    String operator =
        switch (two) {
          case "//", "**", "==", "!=", ">=", "<=" -> two;
          default -> two.substring(0, 1);
        };
    if ("+-/*%~[](){}><=.:|,;".indexOf(operator.charAt(0)) < 0 && !operator.equals("!=")) {
      throw new SyntaxError("unexpected char '" + operator + "' at " + position, lineOf(position));
    }
    switch (operator) {
      case "{" -> open.push("}");
      case "(" -> open.push(")");
      case "[" -> open.push("]");
      case "}", ")", "]" -> {
        if (open.isEmpty()) {
          throw new SyntaxError("unexpected '" + operator + "'", lineOf(position));
        }
        String expected = open.pop();
        if (!expected.equals(operator)) {
          throw new SyntaxError(
              "unexpected '" + operator + "', expected '" + expected + "'", lineOf(position));
        }
      }
      default -> {}
    }
    add(TokenType.OPERATOR, operator);
    position += operator.length();
  }

  private void add(TokenType type, String text) {
    if (tokens.size() >= MAX_TOKENS) {
      throw new SyntaxError("expected at most " + MAX_TOKENS + " tokens", line);
    }
    tokens.add(Token.of(type, text, lineOf(position)));
  }

  private int lineOf(int index) {
    for (; lineAt < index; lineAt++) {
      if (source.charAt(lineAt) == '\n') {
        line++;
      }
    }
    return line;
  }
}
