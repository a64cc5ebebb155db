package dev.wick.tokenizers.jinja;

import dev.wick.tokenizers.jinja.Arguments.Bound;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ThreadLocalRandom;

/** The filters over sequences and mappings. */
final class SequenceFilters {
  static final Map<String, Filters.Filter> ALL =
      Map.ofEntries(
          Map.entry("batch", SequenceFilters::batch),
          Map.entry("count", SequenceFilters::length),
          Map.entry("d", SequenceFilters::fallback),
          Map.entry("default", SequenceFilters::fallback),
          Map.entry("dictsort", SequenceFilters::dictSort),
          Map.entry("first", SequenceFilters::first),
          Map.entry("groupby", SequenceFilters::groupBy),
          Map.entry("items", SequenceFilters::items),
          Map.entry("join", SequenceFilters::join),
          Map.entry("last", SequenceFilters::last),
          Map.entry("length", SequenceFilters::length),
          Map.entry("list", SequenceFilters::list),
          Map.entry(
              "max", (value, arguments, rendering) -> extreme(value, arguments, rendering, true)),
          Map.entry(
              "min", (value, arguments, rendering) -> extreme(value, arguments, rendering, false)),
          Map.entry("random", SequenceFilters::random),
          Map.entry("reverse", SequenceFilters::reverse),
          Map.entry("slice", SequenceFilters::slice),
          Map.entry("sort", SequenceFilters::sort),
          Map.entry("sum", SequenceFilters::sum),
          Map.entry("unique", SequenceFilters::unique));

  private SequenceFilters() {}

  private static Object batch(Object value, Arguments arguments, Rendering rendering) {
    Bound bound = arguments.bind("batch", 1, "linecount", "fill_with");
    int count = bound.integer(0, 0);
    Object fill = bound.get(1, None.NONE);
    List<Object> batches = new ArrayList<>();
    List<Object> batch = new ArrayList<>();
    for (Object item : Types.list(value, rendering.budget())) {
      if (batch.size() == count) {
        batches.add(batch);
        batch = new ArrayList<>();
      }
      batch.add(item);
    }
    if (!batch.isEmpty()) {
      if (fill != None.NONE && batch.size() < count) {
        rendering.budget().reserve(count);
        batch.addAll(Collections.nCopies(count - batch.size(), fill));
      }
      batches.add(batch);
    }
    return new Generator("generator", batches.iterator(), rendering.budget());
  }

  private static Object slice(Object value, Arguments arguments, Rendering rendering) {
    Bound bound = arguments.bind("slice", 1, "slices", "fill_with");
    int slices = bound.integer(0, 0);
    Object fill = bound.get(1, None.NONE);
    List<Object> items = Types.list(value, rendering.budget());
    if (slices == 0) {
      throw PythonError.zeroDivision("integer division or modulo by zero");
    }
    rendering.budget().reserve(slices);
    List<Object> result = new ArrayList<>();
    int offset = 0;
    for (int i = 0; i < slices; i++) {
      int each = items.size() / slices;
      boolean extra = i < items.size() % slices;
      int start = offset + i * each;
      offset += extra ? 1 : 0;
      List<Object> part = new ArrayList<>(items.subList(start, offset + (i + 1) * each));
      if (fill != None.NONE && !extra) {
        part.add(fill);
      }
      result.add(part);
    }
    return new Generator("generator", result.iterator(), rendering.budget());
  }

  private static Object length(Object value, Arguments arguments, Rendering rendering) {
    arguments.positionalOnly("len", 0, 0);
    return (long) Types.length(value);
  }

  private static Object fallback(Object value, Arguments arguments, Rendering rendering) {
    Bound bound = arguments.bind("default", 0, "default_value", "boolean");
    return value instanceof Undefined || (bound.truth(1) && !Types.truth(value))
        ? bound.get(0, "")
        : value;
  }

  private static Object items(Object value, Arguments arguments, Rendering rendering) {
    arguments.bind("items", 0);
    if (value instanceof Undefined) {
      return new Generator("generator", Collections.emptyIterator(), rendering.budget());
    }
    if (!(value instanceof Dict dict)) {
      throw PythonError.type("Can only get item pairs from a mapping.");
    }
    return new Generator("generator", dict.items().iterator(), rendering.budget());
  }

  private static Object dictSort(Object value, Arguments arguments, Rendering rendering) {
    Bound bound = arguments.bind("dictsort", 0, "case_sensitive", "by", "reverse");
    String by = PythonText.str(bound.get(1, "key"));
    if (!by.equals("key") && !by.equals("value")) {
      throw PythonError.type("You can only sort by either \"key\" or \"value\"");
    }
    Undefined.check(value);
    if (!(value instanceof Dict dict)) {
      throw PythonError.type("dictsort: expected a mapping, got " + Types.name(value));
    }
    boolean sensitive = bound.truth(0);
    return Sorting.sort(
        dict.items(),
        item -> {
          Object key = ((Tuple) item).items().get(by.equals("key") ? 0 : 1);
          return sensitive ? key : AttributeGetter.ignoreCase(key);
        },
        bound.truth(2),
        rendering.budget());
  }

  private static Object first(Object value, Arguments arguments, Rendering rendering) {
    arguments.bind("first", 0);
    Iterator<Object> items = Types.iterate(value);
    return items.hasNext() ? items.next() : Undefined.hint("No first item, sequence was empty.");
  }

  private static Object last(Object value, Arguments arguments, Rendering rendering) {
    arguments.bind("last", 0);
    Iterator<Object> items = reversed(value, rendering);
    return items.hasNext() ? items.next() : Undefined.hint("No last item, sequence was empty.");
  }

  private static Object random(Object value, Arguments arguments, Rendering rendering) {
    arguments.bind("random", 0);
    int length = Types.length(value);
    if (length > 0
        && !Texts.isString(value)
        && !(value instanceof List<?> || value instanceof Tuple || value instanceof Range)) {
      throw PythonError.type("random: expected a sequence, got " + Types.name(value));
    }
    return length == 0
        ? Undefined.hint("No random item, sequence was empty.")
        : Subscripts.element(
            value, (long) ThreadLocalRandom.current().nextInt(length), rendering.budget());
  }

  private static Iterator<Object> reversed(Object value, Rendering rendering) {
    if (value instanceof Generator || value instanceof LoopContext || !Types.isIterable(value)) {
      throw PythonError.type("'%s' object is not reversible".formatted(Types.name(value)));
    }
    return Types.list(value, rendering.budget()).reversed().iterator();
  }

  private static Object reverse(Object value, Arguments arguments, Rendering rendering) {
    arguments.bind("reverse", 0);
    if (Texts.isString(value)) {
      return Subscripts.slice(value, null, null, -1L, rendering.budget());
    }
    if (value instanceof Generator) {
      return Types.list(value, rendering.budget()).reversed();
    }
    if (!Types.isIterable(value)) {
      throw PythonError.type("argument must be iterable");
    }
    return new Generator("list_reverseiterator", reversed(value, rendering), rendering.budget());
  }

  private static Object list(Object value, Arguments arguments, Rendering rendering) {
    arguments.bind("list", 0);
    return Types.list(value, rendering.budget());
  }

  private static Object join(Object value, Arguments arguments, Rendering rendering) {
    Bound bound = arguments.bind("join", 0, "d", "attribute");
    AttributeGetter getter =
        AttributeGetter.of(bound.get(1, None.NONE), false, None.NONE, rendering.budget());
    Iterator<Object> items = Types.iterate(value);
    String separator = PythonText.str(bound.get(0, ""));
    StringBuilder out = new StringBuilder();
    for (boolean first = true; items.hasNext(); first = false) {
      String part = PythonText.str(getter.get(items.next()));
      int added = part.length() + separator.length();
      rendering.budget().grow((long) out.length() + added, added);
      out.append(first ? "" : separator).append(part);
    }
    return out.toString();
  }

  private static Object extreme(
      Object value, Arguments arguments, Rendering rendering, boolean max) {
    Bound bound = arguments.bind(max ? "max" : "min", 0, "case_sensitive", "attribute");
    Budget budget = rendering.budget();
    AttributeGetter getter =
        AttributeGetter.of(bound.get(1, None.NONE), !bound.truth(0), None.NONE, budget);
    Iterator<Object> items = Types.iterate(value);
    if (!items.hasNext()) {
      return Undefined.hint("No aggregated item, sequence was empty.");
    }
    Object best = items.next();
    Object bestKey = getter.get(best);
    while (items.hasNext()) {
      Object item = items.next();
      Object key = getter.get(item);
      if (max
          ? Comparison.compare(">", key, bestKey, budget)
          : Comparison.compare("<", key, bestKey, budget)) {
        best = item;
        bestKey = key;
      }
    }
    return best;
  }

  private static Object sort(Object value, Arguments arguments, Rendering rendering) {
    Bound bound = arguments.bind("sort", 0, "reverse", "case_sensitive", "attribute");
    Budget budget = rendering.budget();
    boolean fold = !bound.truth(1);
    Object attribute = bound.get(2, None.NONE);
    List<AttributeGetter> getters = new ArrayList<>();
    if (Texts.isString(attribute)) {
      for (String part : Texts.chars(attribute).split(",", -1)) {
        getters.add(AttributeGetter.of(part, fold, None.NONE, budget));
      }
    } else {
      getters.add(AttributeGetter.of(attribute, fold, None.NONE, budget));
    }
    return Sorting.sort(
        Types.list(value, budget),
        item -> getters.stream().map(getter -> getter.get(item)).toList(),
        bound.truth(0),
        budget);
  }

  private static Object unique(Object value, Arguments arguments, Rendering rendering) {
    Bound bound = arguments.bind("unique", 0, "case_sensitive", "attribute");
    AttributeGetter getter =
        AttributeGetter.of(bound.get(1, None.NONE), !bound.truth(0), None.NONE, rendering.budget());
    Set<Object> seen = new HashSet<>();
    return new Generator(
        "generator",
        new FilteredIterator(Types.iterate(value), item -> seen.add(Hashing.key(getter.get(item)))),
        rendering.budget());
  }

  private static Object sum(Object value, Arguments arguments, Rendering rendering) {
    Bound bound = arguments.bind("sum", 0, "attribute", "start");
    AttributeGetter getter =
        AttributeGetter.of(bound.get(0, None.NONE), false, None.NONE, rendering.budget());
    Object total = bound.get(1, 0L);
    if (Texts.isString(total)) {
      throw PythonError.type("sum() can't sum strings [use ''.join(seq) instead]");
    }
    Iterator<Object> items = Types.iterate(value);
    while (items.hasNext()) {
      total = Operators.binary("+", total, getter.get(items.next()), rendering);
    }
    return total;
  }

  private static Object groupBy(Object value, Arguments arguments, Rendering rendering) {
    Bound bound = arguments.bind("groupby", 1, "attribute", "default", "case_sensitive");
    Budget budget = rendering.budget();
    boolean fold = !bound.truth(2);
    AttributeGetter getter =
        AttributeGetter.of(bound.get(0), fold, bound.get(1, None.NONE), budget);
    AttributeGetter shown =
        AttributeGetter.of(bound.get(0), false, bound.get(1, None.NONE), budget);
    List<Object> groups = new ArrayList<>();
    List<Object> group = new ArrayList<>();
    for (Object item : Sorting.sort(Types.list(value, budget), getter::get, false, budget)) {
      if (!group.isEmpty()
          && !Comparison.equal(getter.get(group.getFirst()), getter.get(item), budget)) {
        groups.add(grouped(shown, group));
        group = new ArrayList<>();
      }
      group.add(item);
    }
    if (!group.isEmpty()) {
      groups.add(grouped(shown, group));
    }
    return groups;
  }

  private static Object grouped(AttributeGetter shown, List<Object> group) {
    return new Tuple(List.of(shown.get(group.getFirst()), group), List.of("grouper", "list"));
  }
}
