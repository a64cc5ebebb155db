package dev.wick.tokenizers.jinja;

import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The variables of one scope while it runs. */
final class Frame {
  private final Symbols symbols;
  private final @Nullable Frame parent;
  private final Map<String, @Nullable Object> values = new HashMap<>();

  private Frame(Symbols symbols, @Nullable Frame parent) {
    this.symbols = symbols;
    this.parent = parent;
  }

  /** Enters a scope; each name gets the value that {@link Symbols} says. */
  static Frame enter(Symbols symbols, @Nullable Frame parent, Rendering rendering) {
    Frame frame = new Frame(symbols, parent);
    symbols
        .loads()
        .forEach(
            (name, load) ->
                frame.values.put(
                    name,
                    switch (load) {
                      case PARAMETER, NOTHING -> null;
                      case CONTEXT -> rendering.resolve(name);
                      case OUTER -> parent == null ? null : parent.find(name);
                    }));
    return frame;
  }

  boolean isRoot() {
    return parent == null;
  }

  private @Nullable Object find(String name) {
    for (Frame frame = this; frame != null; frame = frame.parent) {
      if (frame.values.containsKey(name)) {
        return frame.values.get(name);
      }
    }
    return null;
  }

  /** Returns the variable, or null if it has no value. */
  @Nullable Object get(String name) {
    return find(name);
  }

  void set(String name, Object value) {
    values.put(name, value);
  }

  /** Returns the assigned variables of this scope and those around it. */
  Map<String, Object> assigned() {
    Map<String, Object> result = new HashMap<>();
    for (Frame frame = this; frame != null; frame = frame.parent) {
      for (String name : frame.symbols.stores()) {
        Object value = find(name);
        if (value != null) {
          result.putIfAbsent(name, value);
        }
      }
    }
    return result;
  }
}
