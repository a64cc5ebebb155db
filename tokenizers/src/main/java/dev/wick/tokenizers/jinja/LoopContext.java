package dev.wick.tokenizers.jinja;

import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The {@code loop} variable: the position in a for loop, and its neighbours. */
final class LoopContext {
  /** Renders the body of a recursive loop for further items. */
  @FunctionalInterface
  interface Recursion {
    Object render(Object iterable, int depth);
  }

  private final Object iterable;
  private final int depth0;
  private final @Nullable Recursion recursion;
  private final Budget budget;
  private Iterator<Object> iterator;
  private int index0 = -1;
  private int length = -1;
  private @Nullable Object before;
  private @Nullable Object current;
  private @Nullable Object after;
  private @Nullable List<Object> changed;

  LoopContext(
      Object iterable,
      Iterator<Object> iterator,
      int depth0,
      @Nullable Recursion recursion,
      Budget budget) {
    this.iterable = iterable;
    this.iterator = iterator;
    this.depth0 = depth0;
    this.recursion = recursion;
    this.budget = budget;
  }

  /** Moves to the next item and returns it, or null after the last. */
  @Nullable Object advance() {
    Object next = peek();
    if (next == null) {
      return null;
    }
    after = null;
    index0++;
    before = current;
    current = next;
    return next;
  }

  private @Nullable Object peek() {
    if (after == null && iterator.hasNext()) {
      after = iterator.next();
    }
    return after;
  }

  int index0() {
    return index0;
  }

  int length() {
    if (length < 0) {
      if (!(iterable instanceof Generator) && Types.isSized(iterable)) {
        length = Types.length(iterable);
      } else {
        List<Object> rest = new ArrayList<>();
        while (iterator.hasNext()) {
          budget.step();
          rest.add(iterator.next());
        }
        iterator = rest.iterator();
        length = rest.size() + index0 + 1 + (after == null ? 0 : 1);
      }
    }
    return length;
  }

  /** Continues the loop from outside, item by item with the loop itself. */
  Iterator<Object> pairs() {
    return new Iterator<>() {
      @Override
      public boolean hasNext() {
        return peek() != null;
      }

      @Override
      public Object next() {
        Object item = advance();
        if (item == null) {
          throw new java.util.NoSuchElementException("loop");
        }
        return Tuple.of(item, LoopContext.this);
      }
    };
  }

  @Nullable Object attribute(String name) {
    return switch (name) {
      case "index" -> index0 + 1L;
      case "index0" -> (long) index0;
      case "revindex" -> (long) length() - index0;
      case "revindex0" -> length() - index0 - 1L;
      case "first" -> index0 == 0;
      case "last" -> peek() == null;
      case "length" -> (long) length();
      case "depth" -> depth0 + 1L;
      case "depth0" -> (long) depth0;
      case "previtem" -> before == null ? Undefined.hint("there is no previous item") : before;
      case "nextitem" -> {
        Object next = peek();
        yield next == null ? Undefined.hint("there is no next item") : next;
      }
      case "cycle" -> Function.method("cycle", (_, arguments) -> cycle(arguments));
      case "changed" -> Function.method("changed", (_, arguments) -> changed(arguments));
      default -> null;
    };
  }

  private Object cycle(Arguments arguments) {
    List<Object> items = arguments.positional();
    if (items.isEmpty()) {
      throw PythonError.type("no items for cycling given");
    }
    return items.get(index0 % items.size());
  }

  private Object changed(Arguments arguments) {
    List<Object> values = arguments.positional();
    if (changed != null && Comparison.equal(changed, values, budget)) {
      return false;
    }
    changed = values;
    return true;
  }

  /** Calls a recursive loop with further items. */
  Object call(Arguments arguments) {
    Object items = arguments.bind("loop", 1, "iterable").get(0);
    if (recursion == null) {
      throw PythonError.type("The loop must have the 'recursive' marker to be called recursively.");
    }
    return recursion.render(items, depth0 + 1);
  }
}
