package dev.wick.tokenizers.jinja;

import java.util.Iterator;
import java.util.NoSuchElementException;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** The items of an iterator that pass a condition, looked for no further than asked. */
final class FilteredIterator implements Iterator<Object> {
  private final Iterator<Object> source;
  private final Predicate<Object> condition;
  private @Nullable Object next;

  FilteredIterator(Iterator<Object> source, Predicate<Object> condition) {
    this.source = source;
    this.condition = condition;
  }

  @Override
  public boolean hasNext() {
    while (next == null && source.hasNext()) {
      Object candidate = source.next();
      if (condition.test(candidate)) {
        next = candidate;
      }
    }
    return next != null;
  }

  @Override
  public Object next() {
    if (!hasNext() || next == null) {
      throw new NoSuchElementException("filtered");
    }
    Object result = next;
    next = null;
    return result;
  }
}
