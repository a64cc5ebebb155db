package dev.wick.lora;

import java.util.regex.Pattern;

/** The rule for names under which adapters are published: fit for URLs, paths and log lines. */
final class AdapterName {
  private static final Pattern VALID = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._-]{0,99}");

  private AdapterName() {}

  /** Returns the name if it keeps the rule. */
  static String check(String name) {
    if (!VALID.matcher(name).matches()) {
      throw new IllegalArgumentException(
          "adapter: expected a name of 1 to 100 letters, digits, '.', '_' and '-' that begins with a"
              + " letter or digit, got '%s'".formatted(shown(name)));
    }
    return name;
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
