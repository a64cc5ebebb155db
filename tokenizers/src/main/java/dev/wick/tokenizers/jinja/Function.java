package dev.wick.tokenizers.jinja;

/**
 * A callable of ours.
 *
 * @param typeName Python's name for its type
 */
record Function(String name, String typeName, Body body) {
  /** What a function does. */
  @FunctionalInterface
  interface Body {
    Object call(Rendering rendering, Arguments arguments);
  }

  static Function builtin(String name, Body body) {
    return new Function(name, "function", body);
  }

  static Function method(String name, Body body) {
    return new Function(name, "builtin_function_or_method", body);
  }
}
