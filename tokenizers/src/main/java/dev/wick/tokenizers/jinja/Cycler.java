package dev.wick.tokenizers.jinja;

import java.util.List;
import org.jspecify.annotations.Nullable;

/** What {@code cycler(...)} returns. */
final class Cycler {
  private final List<Object> items;
  private int position;

  Cycler(List<Object> items) {
    if (items.isEmpty()) {
      throw PythonError.failure("at least one item has to be provided");
    }
    this.items = items;
  }

  @Nullable Object attribute(String name) {
    return switch (name) {
      case "items" -> Tuple.of(items);
      case "pos" -> (long) position;
      case "current" -> items.get(position);
      case "next" -> Function.method("next", (_, _) -> next());
      case "reset" -> Function.method("reset", (_, _) -> reset());
      default -> null;
    };
  }

  private Object next() {
    Object item = items.get(position);
    position = (position + 1) % items.size();
    return item;
  }

  private Object reset() {
    position = 0;
    return None.NONE;
  }
}
