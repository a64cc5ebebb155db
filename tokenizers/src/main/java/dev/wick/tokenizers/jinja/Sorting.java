package dev.wick.tokenizers.jinja;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;

/** Stable sorting by Python's {@code <}, which need not be a total order. */
final class Sorting {
  private record Keyed<T>(Object key, T item) {}

  private Sorting() {}

  static <T> List<T> sort(List<T> items, Function<T, Object> key, boolean reverse, Budget budget) {
    budget.reserve(items.size());
    List<Keyed<T>> keyed = new ArrayList<>(items.size());
    items.forEach(item -> keyed.add(new Keyed<>(key.apply(item), item)));
    List<Keyed<T>> sorted = mergeSort(keyed, reverse, budget);
    List<T> result = new ArrayList<>(items.size());
    sorted.forEach(item -> result.add(item.item()));
    return result;
  }

  /** {@link List#sort} may reject a comparison that contradicts itself, as that of NaN does. */
  private static <T> List<Keyed<T>> mergeSort(
      List<Keyed<T>> items, boolean reverse, Budget budget) {
    if (items.size() < 2) {
      return items;
    }
    int middle = items.size() / 2;
    List<Keyed<T>> left = mergeSort(items.subList(0, middle), reverse, budget);
    List<Keyed<T>> right = mergeSort(items.subList(middle, items.size()), reverse, budget);
    List<Keyed<T>> merged = new ArrayList<>(items.size());
    int i = 0;
    int j = 0;
    while (i < left.size() && j < right.size()) {
      Object a = left.get(i).key();
      Object b = right.get(j).key();
      boolean takeRight = reverse ? Comparison.less(a, b, budget) : Comparison.less(b, a, budget);
      merged.add(takeRight ? right.get(j++) : left.get(i++));
    }
    merged.addAll(left.subList(i, left.size()));
    merged.addAll(right.subList(j, right.size()));
    return merged;
  }
}
