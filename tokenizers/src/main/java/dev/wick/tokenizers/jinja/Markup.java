package dev.wick.tokenizers.jinja;

/**
 * A string that counts as escaped HTML: what {@code safe} and {@code escape} return. It behaves as
 * a string, but joins with plain strings escape the latter.
 */
record Markup(String text) {
  /** Escapes a value unless it is markup already. */
  static Markup escape(Object value) {
    return value instanceof Markup markup ? markup : new Markup(escapeText(PythonText.str(value)));
  }

  static String escapeText(String text) {
    StringBuilder out = new StringBuilder(text.length() + 16);
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      switch (c) {
        case '&' -> out.append("&amp;");
        case '<' -> out.append("&lt;");
        case '>' -> out.append("&gt;");
        case '"' -> out.append("&#34;");
        case '\'' -> out.append("&#39;");
        default -> out.append(c);
      }
    }
    return out.toString();
  }

  @Override
  public String toString() {
    return text;
  }
}
