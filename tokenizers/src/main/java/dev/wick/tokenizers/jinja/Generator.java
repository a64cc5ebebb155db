package dev.wick.tokenizers.jinja;

import java.util.Iterator;

/** A lazy sequence that can be read once, as Python's generators and iterators. */
final class Generator implements Iterator<Object> {
  private final String typeName;
  private final Iterator<Object> source;
  private final Budget budget;

  Generator(String typeName, Iterator<Object> source, Budget budget) {
    this.typeName = typeName;
    this.source = source;
    this.budget = budget;
  }

  String typeName() {
    return typeName;
  }

  @Override
  public boolean hasNext() {
    budget.enter();
    try {
      return source.hasNext();
    } finally {
      budget.exit();
    }
  }

  @Override
  public Object next() {
    budget.step();
    budget.enter();
    try {
      return source.next();
    } finally {
      budget.exit();
    }
  }
}
