package dev.wick.tokenizers.jinja;

import java.util.Collections;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import java.util.function.UnaryOperator;

/** The filters that apply other filters and tests to the items of a sequence, and {@code attr}. */
final class SelectionFilters {
  static final Map<String, Filters.Filter> ALL =
      Map.of(
          "attr", SelectionFilters::attribute,
          "map", SelectionFilters::map,
          "select",
              (value, arguments, rendering) -> select(value, arguments, rendering, false, true),
          "reject",
              (value, arguments, rendering) -> select(value, arguments, rendering, false, false),
          "selectattr",
              (value, arguments, rendering) -> select(value, arguments, rendering, true, true),
          "rejectattr",
              (value, arguments, rendering) -> select(value, arguments, rendering, true, false));

  private SelectionFilters() {}

  private static Object attribute(Object value, Arguments arguments, Rendering rendering) {
    Object name = arguments.bind("attr", 1, "name").get(0);
    if (!Texts.isString(name)) {
      throw PythonError.type("attribute name must be string, not '%s'".formatted(Types.name(name)));
    }
    Object found = Attributes.find(value, Texts.chars(name));
    return found == null ? Undefined.member(value, name) : found;
  }

  private static Object map(Object value, Arguments arguments, Rendering rendering) {
    if (!Types.truth(value)) {
      return new Generator("generator", Collections.emptyIterator(), rendering.budget());
    }
    return new Generator(
        "generator", new LazyMap(value, () -> mapping(arguments, rendering)), rendering.budget());
  }

  private static UnaryOperator<Object> mapping(Arguments arguments, Rendering rendering) {
    if (arguments.positional().isEmpty() && arguments.keywords().containsKey("attribute")) {
      Map<String, Object> keywords = new LinkedHashMap<>(arguments.keywords());
      Object attribute = arguments.keywords().getOrDefault("attribute", None.NONE);
      keywords.remove("attribute");
      Object absent = keywords.remove("default");
      if (!keywords.isEmpty()) {
        throw PythonError.type(
            "Unexpected keyword argument " + PythonText.repr(keywords.keySet().iterator().next()));
      }
      return AttributeGetter.of(
              attribute, false, absent == null ? None.NONE : absent, rendering.budget())
          ::get;
    }
    if (arguments.positional().isEmpty()) {
      throw PythonError.type("map requires a filter argument");
    }
    String name = PythonText.str(arguments.positional().getFirst());
    Arguments rest = arguments.skip(1);
    return item -> Filters.apply(name, item, rest, rendering);
  }

  /** Python's generators look at their arguments only when the first item is asked for. */
  private static final class LazyMap implements Iterator<Object> {
    private final Iterator<Object> source;
    private final java.util.function.Supplier<UnaryOperator<Object>> prepare;
    private @org.jspecify.annotations.Nullable UnaryOperator<Object> operator;

    private LazyMap(Object value, java.util.function.Supplier<UnaryOperator<Object>> prepare) {
      this.source = Types.iterate(value);
      this.prepare = prepare;
    }

    @Override
    public boolean hasNext() {
      if (operator == null) {
        operator = prepare.get();
      }
      return source.hasNext();
    }

    @Override
    public Object next() {
      if (operator == null) {
        operator = prepare.get();
      }
      return operator.apply(source.next());
    }
  }

  private static Object select(
      Object value, Arguments arguments, Rendering rendering, boolean byAttribute, boolean wanted) {
    if (!Types.truth(value)) {
      return new Generator("generator", Collections.emptyIterator(), rendering.budget());
    }
    Predicate<Object> condition = condition(arguments, rendering, byAttribute);
    return new Generator(
        "generator",
        new FilteredIterator(Types.iterate(value), item -> condition.test(item) == wanted),
        rendering.budget());
  }

  private static Predicate<Object> condition(
      Arguments arguments, Rendering rendering, boolean byAttribute) {
    List<Object> positional = arguments.positional();
    if (byAttribute && positional.isEmpty()) {
      throw PythonError.type("Missing parameter for attribute name");
    }
    AttributeGetter getter =
        AttributeGetter.of(
            byAttribute ? positional.getFirst() : None.NONE, false, None.NONE, rendering.budget());
    int offset = byAttribute ? 1 : 0;
    if (positional.size() <= offset) {
      return item -> Types.truth(getter.get(item));
    }
    String name = PythonText.str(positional.get(offset));
    Arguments rest = arguments.skip(offset + 1);
    return item -> Types.truth(Tests.apply(name, getter.get(item), rest, rendering));
  }
}
