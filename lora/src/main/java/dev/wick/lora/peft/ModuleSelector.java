package dev.wick.lora.peft;

import dev.wick.lora.name.ModuleNames;
import dev.wick.lora.name.NamePattern;
import java.util.List;
import java.util.Objects;
import java.util.regex.PatternSyntaxException;

/**
 * Which modules of a model are meant, in the three ways in which PEFT lets one say it. A module has
 * the name that PEFT sees, for example {@code model.layers.3.self_attn.q_proj}.
 */
public sealed interface ModuleSelector {
  /** Whether a module is meant. */
  boolean selects(String module);

  /** Modules by the ends of their names, or {@link AllLinear} if that is the only name. */
  static ModuleSelector of(List<String> names) {
    return names.equals(List.of(AllLinear.NAME)) ? new AllLinear() : new Names(names);
  }

  /** Modules whose name is in the list, or ends with a dot and one of the list. */
  record Names(List<String> names) implements ModuleSelector {
    public Names {
      names = List.copyOf(names);
    }

    @Override
    public boolean selects(String module) {
      for (String name : names) {
        if (ModuleNames.endsWith(module, name)) {
          return true;
        }
      }
      return false;
    }
  }

  /** Modules whose whole name matches a regular expression. */
  final class Regex implements ModuleSelector {
    private final NamePattern pattern;

    /**
     * A selector by expression.
     *
     * @param regex in Python's syntax, which but for named groups is Java's
     * @throws PatternSyntaxException if it is none
     */
    public Regex(String regex) {
      this.pattern = NamePattern.whole(regex);
    }

    /** The expression. */
    public String regex() {
      return pattern.source();
    }

    @Override
    public boolean selects(String module) {
      return pattern.matches(module);
    }

    @Override
    public boolean equals(Object other) {
      return other instanceof Regex regex && regex.regex().equals(regex());
    }

    @Override
    public int hashCode() {
      return Objects.hashCode(regex());
    }

    @Override
    public String toString() {
      return regex();
    }
  }

  /** Every linear layer but the output layer: {@code all-linear}. */
  record AllLinear() implements ModuleSelector {
    /** What PEFT calls it. */
    public static final String NAME = "all-linear";

    @Override
    public boolean selects(String module) {
      return !ModuleNames.isHead(module) && !ModuleNames.isEmbedding(module);
    }
  }
}
