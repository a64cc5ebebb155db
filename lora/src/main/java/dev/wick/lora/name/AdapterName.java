package dev.wick.lora.name;

/** The rule for names under which adapters are published: fit for URLs, paths and log lines. */
public final class AdapterName {
  private static final int MAX_LENGTH = 100;

  private AdapterName() {}

  /** Returns the name if it keeps the rule. */
  public static String check(String name) {
    if (!isValid(name)) {
      throw new IllegalArgumentException(
          "adapter: expected a name of 1 to 100 letters, digits, '.', '_' and '-' that begins with"
              + " a"
              + " letter or digit, got '%s'".formatted(shown(name)));
    }
    return name;
  }

  // No regular expression: a switch of adapters is to take a few microseconds.
  private static boolean isValid(String name) {
    if (name.isEmpty() || name.length() > MAX_LENGTH || !isLetterOrDigit(name.charAt(0))) {
      return false;
    }
    for (int i = 1; i < name.length(); i++) {
      char c = name.charAt(i);
      if (!isLetterOrDigit(c) && c != '.' && c != '_' && c != '-') {
        return false;
      }
    }
    return true;
  }

  private static boolean isLetterOrDigit(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
  }

  private static String shown(String name) {
    String start = name.length() <= 40 ? name : name.substring(0, 40) + "...";
    return start
        .codePoints()
        .map(c -> Character.isISOControl(c) ? '?' : c)
        .collect(StringBuilder::new, StringBuilder::appendCodePoint, StringBuilder::append)
        .toString();
  }
}
