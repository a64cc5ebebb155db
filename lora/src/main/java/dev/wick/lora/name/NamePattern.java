package dev.wick.lora.name;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;

/** A regular expression of an adapter's configuration, of which nobody knows who wrote it. */
public final class NamePattern {
  /** Looks at single characters after which an expression counts as one that never ends. */
  private static final int MAX_STEPS = 1_000_000;

  private final String source;
  private final Pattern pattern;

  private NamePattern(String source, String regex) {
    this.source = source;
    this.pattern = compile(source, regex);
  }

  /** Matches whole names, as Python's {@code re.fullmatch}. */
  public static NamePattern whole(String regex) {
    return new NamePattern(regex, inJava(regex));
  }

  /** Matches the end of a name, from a dot or its beginning on: PEFT's {@code get_pattern_key}. */
  public static NamePattern suffix(String regex) {
    return new NamePattern(regex, "(.*\\.)?(" + inJava(regex) + ")$");
  }

  private static Pattern compile(String source, String regex) {
    try {
      return Pattern.compile(regex);
    } catch (PatternSyntaxException e) {
      throw new PatternSyntaxException(e.getDescription(), source, e.getIndex());
    }
  }

  /** Python writes {@code (?P<name>...)} and {@code (?P=name)}. */
  private static String inJava(String regex) {
    return regex.replace("(?P<", "(?<").replaceAll("\\(\\?P=(\\w+)\\)", "\\\\k<$1>");
  }

  public String source() {
    return source;
  }

  public boolean matches(String name) {
    try {
      return pattern.matcher(new Counted(name, new AtomicInteger())).matches();
    } catch (StackOverflowError | EndlessMatchException e) {
      throw new PatternSyntaxException(
          "it takes too long on '%s'; write it without nested repetition".formatted(name),
          source,
          -1);
    }
  }

  private static final class EndlessMatchException extends IllegalStateException {
    private static final long serialVersionUID = 1L;
  }

  /** A text that counts how often it and its parts are looked at. */
  private static final class Counted implements CharSequence {
    private final String text;
    private final AtomicInteger steps;

    Counted(String text, AtomicInteger steps) {
      this.text = text;
      this.steps = steps;
    }

    @Override
    public int length() {
      return text.length();
    }

    @Override
    public char charAt(int index) {
      if (steps.incrementAndGet() > MAX_STEPS) {
        throw new EndlessMatchException();
      }
      return text.charAt(index);
    }

    @Override
    public CharSequence subSequence(int start, int end) {
      return new Counted(text.substring(start, end), steps);
    }

    @Override
    public String toString() {
      return text;
    }
  }
}
