package dev.wick.tokenizers.jinja;

import org.jspecify.annotations.Nullable;

/**
 * A missing variable, attribute or item. It prints as nothing, is false and empty; most other uses
 * fail.
 */
final class Undefined {
  private final String message;
  private final boolean unsafe;

  private Undefined(String message, boolean unsafe) {
    this.message = message;
    this.unsafe = unsafe;
  }

  static Undefined name(String name) {
    return new Undefined("'" + name + "' is undefined", false);
  }

  static Undefined hint(String message) {
    return new Undefined(message, false);
  }

  static Undefined member(Object owner, Object name) {
    String owned = Types.describe(owner);
    return new Undefined(
        Texts.isString(name)
            ? PythonText.repr(owned) + " has no attribute " + PythonText.repr(name)
            : owned + " has no element " + PythonText.repr(name),
        false);
  }

  static Undefined unsafe(Object owner, String name) {
    return new Undefined(
        "access to attribute %s of '%s' object is unsafe."
            .formatted(PythonText.repr(name), Types.name(owner)),
        true);
  }

  PythonError error() {
    return unsafe ? PythonError.security(message) : PythonError.undefined(message);
  }

  /** Fails if one of the operands is undefined. */
  static void check(Object left, @Nullable Object right) {
    if (left instanceof Undefined undefined) {
      throw undefined.error();
    }
    if (right instanceof Undefined undefined) {
      throw undefined.error();
    }
  }

  static void check(Object value) {
    check(value, null);
  }
}
