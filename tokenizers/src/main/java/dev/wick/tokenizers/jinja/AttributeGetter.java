package dev.wick.tokenizers.jinja;

import java.util.ArrayList;
import java.util.List;

/**
 * Looks up a dotted attribute such as {@code function.name} or {@code 0.id}, as many filters take
 * it.
 */
final class AttributeGetter {
  private final List<Object> path;
  private final boolean foldCase;
  private final Object absent;
  private final Budget budget;

  private AttributeGetter(List<Object> path, boolean foldCase, Object absent, Budget budget) {
    this.path = path;
    this.foldCase = foldCase;
    this.absent = absent;
    this.budget = budget;
  }

  /**
   * Returns a getter.
   *
   * @param attribute a dotted path, an index, or None for the item itself
   * @param absent what stands for undefined, or None
   */
  static AttributeGetter of(Object attribute, boolean foldCase, Object absent, Budget budget) {
    List<Object> path = new ArrayList<>();
    if (Texts.isString(attribute)) {
      for (String part : Texts.chars(attribute).split("\\.", -1)) {
        boolean index =
            !part.isEmpty()
                && part.length() < 18
                && part.chars().allMatch(c -> c >= '0' && c <= '9');
        path.add(index ? (Object) Long.valueOf(part) : part);
      }
    } else if (attribute != None.NONE) {
      path.add(attribute);
    }
    return new AttributeGetter(path, foldCase, absent, budget);
  }

  Object get(Object item) {
    Object value = item;
    for (Object key : path) {
      value = Subscripts.element(value, key, budget);
      if (value instanceof Undefined && absent != None.NONE) {
        value = absent;
      }
    }
    return foldCase ? ignoreCase(value) : value;
  }

  static Object ignoreCase(Object value) {
    return Texts.isString(value) ? Texts.like(value, Casing.lower(Texts.chars(value))) : value;
  }
}
