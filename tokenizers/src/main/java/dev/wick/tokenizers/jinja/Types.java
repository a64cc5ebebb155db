package dev.wick.tokenizers.jinja;

import java.math.BigInteger;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Iterator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What Python's {@code type}, {@code bool}, {@code len} and {@code iter} say of a value. */
final class Types {
  private Types() {}

  /** Returns the name of the value's type in Python. */
  static String name(Object value) {
    return switch (value) {
      case None _ -> "NoneType";
      case Boolean _ -> "bool";
      case Long _, BigInteger _ -> "int";
      case Double _ -> "float";
      case String _ -> "str";
      case Markup _ -> "Markup";
      case List<?> _ -> "list";
      case Tuple tuple -> tuple.names().isEmpty() ? "tuple" : "_GroupTuple";
      case Dict _ -> "dict";
      case Range _ -> "range";
      case DictView view -> view.kind().typeName();
      case Undefined _ -> "Undefined";
      case Namespace _ -> "Namespace";
      case Macro _ -> "Macro";
      case LoopContext _ -> "LoopContext";
      case Generator generator -> generator.typeName();
      case Function function -> function.typeName();
      case Cycler _ -> "Cycler";
      case Joiner _ -> "Joiner";
      default -> value.getClass().getSimpleName();
    };
  }

  /** Returns the words by which jinja2 calls a value in messages about missing members. */
  static String describe(Object value) {
    return switch (value) {
      case None _ -> "None";
      case Markup _ -> "markupsafe.Markup object";
      case Namespace _, Cycler _, Joiner _ -> "jinja2.utils." + name(value) + " object";
      case Macro _, LoopContext _, Undefined _ -> "jinja2.rendering." + name(value) + " object";
      default -> name(value) + " object";
    };
  }

  static boolean truth(Object value) {
    return switch (value) {
      case Boolean b -> b;
      case None _, Undefined _ -> false;
      case Long n -> n != 0;
      case BigInteger n -> n.signum() != 0;
      case Double d -> d != 0;
      case String s -> !s.isEmpty();
      case Markup markup -> !markup.text().isEmpty();
      default -> {
        int length = sizeOrMinusOne(value);
        yield length != 0;
      }
    };
  }

  /** Returns {@code len(value)}. */
  static int length(Object value) {
    int length = sizeOrMinusOne(value);
    if (length < 0) {
      throw PythonError.type("object of type '%s' has no len()".formatted(name(value)));
    }
    return length;
  }

  static boolean isSized(Object value) {
    return sizeOrMinusOne(value) >= 0;
  }

  private static int sizeOrMinusOne(Object value) {
    return switch (value) {
      case String s -> Texts.length(s);
      case Markup markup -> Texts.length(markup.text());
      case List<?> list -> list.size();
      case Tuple tuple -> tuple.items().size();
      case Dict dict -> dict.size();
      case Range range -> range.size();
      case DictView view -> view.dict().size();
      case Undefined _ -> 0;
      case LoopContext loop -> loop.length();
      default -> -1;
    };
  }

  static boolean isIterable(Object value) {
    return iteratorOrNull(value) != null;
  }

  /** Returns {@code iter(value)}. */
  static Iterator<Object> iterate(Object value) {
    Iterator<Object> iterator = iteratorOrNull(value);
    if (iterator == null) {
      throw PythonError.type("'%s' object is not iterable".formatted(name(value)));
    }
    return iterator;
  }

  private static @Nullable Iterator<Object> iteratorOrNull(Object value) {
    return switch (value) {
      case String s -> Texts.iterate(s);
      case Markup markup -> Texts.iterate(markup.text());
      case List<?> list -> Collections.<Object>unmodifiableList(list).iterator();
      case Tuple tuple -> tuple.items().iterator();
      case Dict dict -> dict.keys().iterator();
      case DictView view -> view.list().iterator();
      case Range range -> range.list().iterator();
      case Undefined _ -> Collections.emptyIterator();
      case Generator generator -> generator;
      case LoopContext loop -> loop.pairs();
      default -> null;
    };
  }

  /** Returns {@code list(value)}. */
  static List<Object> list(Object value, Budget budget) {
    if (isSized(value)) {
      budget.reserve(length(value));
    }
    List<Object> list = new ArrayList<>();
    iterate(value)
        .forEachRemaining(
            item -> {
              list.add(item);
              budget.step();
              if (list.size() % 1024 == 0) {
                budget.reserve(list.size());
              }
            });
    return list;
  }

  static boolean isCallable(Object value) {
    return switch (value) {
      case Function _, Macro _, LoopContext _, Joiner _, Undefined _ -> true;
      default -> false;
    };
  }
}
