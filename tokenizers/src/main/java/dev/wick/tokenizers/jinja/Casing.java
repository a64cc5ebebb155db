package dev.wick.tokenizers.jinja;

import java.util.Locale;
import java.util.function.IntPredicate;

/** The methods of Python's strings that change or test the kind of their characters. */
final class Casing {
  private Casing() {}

  static Object call(Object self, String method) {
    String text = Texts.chars(self);
    return switch (method) {
      case "upper" -> Texts.like(self, upper(text));
      case "lower" -> Texts.like(self, lower(text));
      case "casefold" -> Texts.like(self, lower(upper(lower(text).replace("ß", "ss"))));
      case "capitalize" -> Texts.like(self, capitalize(text));
      case "title" -> Texts.like(self, title(text));
      case "swapcase" -> Texts.like(self, swap(text));
      case "isalpha" -> all(text, Character::isLetter);
      case "isdecimal" -> all(text, Character::isDigit);
      case "isdigit" -> all(text, Casing::isDigit);
      case "isnumeric" -> all(text, Casing::isNumeric);
      case "isalnum" -> all(text, c -> Character.isLetter(c) || isNumeric(c));
      case "isspace" -> all(text, Texts::isSpace);
      case "isascii" -> text.chars().allMatch(c -> c < 128);
      case "isprintable" -> text.codePoints().allMatch(PythonText::isPrintable);
      case "isidentifier" -> isIdentifier(text);
      case "islower" -> isLower(text);
      case "isupper" -> isUpper(text);
      default -> isTitle(text);
    };
  }

  static String upper(String text) {
    return text.toUpperCase(Locale.ROOT);
  }

  static String lower(String text) {
    return text.toLowerCase(Locale.ROOT);
  }

  static String capitalize(String text) {
    if (text.isEmpty()) {
      return text;
    }
    int end = text.offsetByCodePoints(0, 1);
    String lowered = lower(text);
    int loweredEnd = lower(text.substring(0, end)).length();
    return titled(text.codePointAt(0)) + lowered.substring(Math.min(loweredEnd, lowered.length()));
  }

  private static String titled(int c) {
    int title = Character.toTitleCase(c);
    String single = Character.toString(c);
    String upper = upper(single);
    if (upper.codePointCount(0, upper.length()) == 1) {
      return Character.toString(title);
    }
    int first = upper.offsetByCodePoints(0, 1);
    if (!isCased(upper.codePointAt(0))) {
      return upper;
    }
    return title != c
        ? Character.toString(title)
        : upper.substring(0, first) + lower(upper.substring(first));
  }

  private static String title(String text) {
    StringBuilder out = new StringBuilder();
    boolean inWord = false;
    for (int i = 0; i < text.length(); ) {
      int c = text.codePointAt(i);
      i += Character.charCount(c);
      out.append(inWord ? lowerAt(text, i, c) : titled(c));
      inWord = isCased(c);
    }
    return out.toString();
  }

  private static String swap(String text) {
    StringBuilder out = new StringBuilder();
    boolean afterCased = false;
    for (int i = 0; i < text.length(); ) {
      int c = text.codePointAt(i);
      i += Character.charCount(c);
      String single = Character.toString(c);
      if (Character.isUpperCase(c)) {
        out.append(afterCased ? lowerAt(text, i, c) : lower(single));
      } else {
        out.append(Character.isLowerCase(c) ? upper(single) : single);
      }
      afterCased = isCased(c);
    }
    return out.toString();
  }

  /** Lowers a character within a word, of which a sigma has a form of its own at the end. */
  private static String lowerAt(String text, int next, int c) {
    boolean last = next >= text.length() || !isCased(text.codePointAt(next));
    return c == 'Σ' ? last ? "ς" : "σ" : lower(Character.toString(c));
  }

  private static boolean isCased(int c) {
    return Character.isUpperCase(c) || Character.isLowerCase(c) || Character.isTitleCase(c);
  }

  static boolean isLower(String text) {
    return text.codePoints().anyMatch(Casing::isCased)
        && text.codePoints().noneMatch(c -> Character.isUpperCase(c) || Character.isTitleCase(c));
  }

  static boolean isUpper(String text) {
    return text.codePoints().anyMatch(Casing::isCased)
        && text.codePoints().noneMatch(c -> Character.isLowerCase(c) || Character.isTitleCase(c));
  }

  private static boolean isTitle(String text) {
    boolean cased = false;
    boolean inWord = false;
    for (int c : text.codePoints().toArray()) {
      boolean upper = Character.isUpperCase(c) || Character.isTitleCase(c);
      if ((upper && inWord) || (Character.isLowerCase(c) && !inWord)) {
        return false;
      }
      inWord = isCased(c);
      cased |= inWord;
    }
    return cased;
  }

  private static boolean all(String text, IntPredicate condition) {
    return !text.isEmpty() && text.codePoints().allMatch(condition);
  }

  private static boolean isDigit(int c) {
    return Character.isDigit(c)
        || c == 0xb2
        || c == 0xb3
        || c == 0xb9
        || c == 0x2070
        || (c >= 0x2074 && c <= 0x2079)
        || (c >= 0x2080 && c <= 0x2089)
        || (c >= 0x2460 && c <= 0x2468)
        || (c >= 0x2474 && c <= 0x247c)
        || (c >= 0x2488 && c <= 0x2490);
  }

  private static boolean isNumeric(int c) {
    return switch (Character.getType(c)) {
      case Character.DECIMAL_DIGIT_NUMBER, Character.LETTER_NUMBER, Character.OTHER_NUMBER -> true;
      default -> "〇一二三四五六七八九十百千万億兆零壹貳參肆伍陸柒捌玖拾两".indexOf(c) >= 0;
    };
  }

  private static boolean isIdentifier(String text) {
    return !text.isEmpty()
        && (text.codePointAt(0) == '_' || Character.isUnicodeIdentifierStart(text.codePointAt(0)))
        && text.codePoints()
            .allMatch(
                c ->
                    c == '_'
                        || (Character.isUnicodeIdentifierPart(c)
                            && !Character.isIdentifierIgnorable(c)));
  }
}
