package dev.wick.tokenizers.jinja;

import dev.wick.tokenizers.jinja.Statement.Body;
import dev.wick.tokenizers.jinja.Statement.Signature;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A macro with the scope that it was defined in; a call block's caller is one without a name.
 *
 * @param symbols names of the body, among them the special ones that it reads
 */
record Macro(
    @Nullable String name, Signature signature, Body body, Symbols symbols, Frame closure) {
  boolean readsCaller() {
    return !signature.names().contains("caller") && takes("caller");
  }

  boolean takesKeywords() {
    return !signature.names().contains("kwargs") && takes("kwargs");
  }

  boolean takesMore() {
    return !signature.names().contains("varargs") && takes("varargs");
  }

  private boolean takes(String special) {
    return symbols.loads().get(special) == Symbols.Load.PARAMETER;
  }

  @Nullable Object attribute(String attribute) {
    return switch (attribute) {
      case "name" -> name == null ? None.NONE : name;
      case "arguments" -> Tuple.of(List.copyOf(signature.names()));
      case "catch_kwargs" -> takesKeywords();
      case "catch_varargs" -> takesMore();
      case "caller" -> readsCaller();
      case "explicit_caller" -> signature.names().contains("caller");
      default -> null;
    };
  }

  String describe() {
    return name == null ? "<Macro anonymous>" : "<Macro " + PythonText.repr(name) + ">";
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return this == other;
  }

  @Override
  public int hashCode() {
    return System.identityHashCode(this);
  }

  @Override
  public String toString() {
    return describe();
  }
}
