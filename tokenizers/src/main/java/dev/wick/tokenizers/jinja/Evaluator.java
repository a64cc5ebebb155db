package dev.wick.tokenizers.jinja;

import dev.wick.tokenizers.jinja.Expression.CallArguments;
import dev.wick.tokenizers.jinja.Expression.Keyword;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Computes expressions. */
final class Evaluator {
  private final Rendering rendering;
  private final Budget budget;

  Evaluator(Rendering rendering) {
    this.rendering = rendering;
    this.budget = rendering.budget();
  }

  Object evaluate(Expression expression, Frame frame) {
    return evaluate(expression, frame, null);
  }

  /**
   * Computes an expression.
   *
   * @param captured what a filter block has rendered, if the expression is its filter
   */
  Object evaluate(Expression expression, Frame frame, @Nullable String captured) {
    budget.step();
    budget.enter();
    rendering.at(expression.line());
    Object value = dispatch(expression, frame, captured);
    budget.exit();
    return value;
  }

  private Object dispatch(Expression expression, Frame frame, @Nullable String captured) {
    return switch (expression) {
      case Expression.Literal literal -> literal.value();
      case Expression.Name name -> name(name, frame);
      case Expression.TupleLiteral tuple -> Tuple.of(all(tuple.items(), frame));
      case Expression.ListLiteral list -> all(list.items(), frame);
      case Expression.DictLiteral dict -> dict(dict, frame);
      case Expression.Attribute attribute ->
          Subscripts.attribute(evaluate(attribute.target(), frame), attribute.name(), budget);
      case Expression.Item item ->
          Subscripts.element(evaluate(item.target(), frame), evaluate(item.key(), frame), budget);
      case Expression.Slice slice -> slice(slice, frame);
      case Expression.Call call -> call(call, frame, null);
      case Expression.Filter filter -> filter(filter, frame, captured);
      case Expression.Captured _ -> captured == null ? "" : captured;
      case Expression.Test test -> test(test, frame);
      case Expression.Unary unary ->
          Operators.unary(unary.operator(), evaluate(unary.operand(), frame));
      case Expression.Not not -> !Types.truth(evaluate(not.operand(), frame));
      case Expression.Binary binary -> binary(binary, frame);
      case Expression.And and -> {
        Object left = evaluate(and.left(), frame);
        yield Types.truth(left) ? evaluate(and.right(), frame) : left;
      }
      case Expression.Or or -> {
        Object left = evaluate(or.left(), frame);
        yield Types.truth(left) ? left : evaluate(or.right(), frame);
      }
      case Expression.Compare compare -> compare(compare, frame);
      case Expression.Concat concat -> concat(concat, frame);
      case Expression.Conditional conditional -> conditional(conditional, frame);
    };
  }

  private Object name(Expression.Name name, Frame frame) {
    Object value = frame.get(name.name());
    return value == null ? Undefined.name(name.name()) : value;
  }

  private List<Object> all(List<Expression> expressions, Frame frame) {
    List<Object> values = new ArrayList<>(expressions.size());
    for (Expression expression : expressions) {
      values.add(evaluate(expression, frame));
    }
    return values;
  }

  private Object dict(Expression.DictLiteral literal, Frame frame) {
    Dict dict = new Dict();
    for (Expression.Pair pair : literal.pairs()) {
      Object key = evaluate(pair.key(), frame);
      dict.put(key, evaluate(pair.value(), frame));
    }
    return dict;
  }

  private Object slice(Expression.Slice slice, Frame frame) {
    return Subscripts.slice(
        evaluate(slice.target(), frame),
        optional(slice.start(), frame),
        optional(slice.stop(), frame),
        optional(slice.step(), frame),
        budget);
  }

  private @Nullable Object optional(@Nullable Expression expression, Frame frame) {
    return expression == null ? null : evaluate(expression, frame);
  }

  private Object binary(Expression.Binary binary, Frame frame) {
    Object left = evaluate(binary.left(), frame);
    return Operators.binary(binary.operator(), left, evaluate(binary.right(), frame), rendering);
  }

  private Object compare(Expression.Compare compare, Frame frame) {
    Object left = evaluate(compare.first(), frame);
    for (Expression.Operand operand : compare.operands()) {
      Object right = evaluate(operand.value(), frame);
      if (!Comparison.compare(operand.operator(), left, right, budget)) {
        return false;
      }
      left = right;
    }
    return true;
  }

  private Object concat(Expression.Concat concat, Frame frame) {
    StringBuilder text = new StringBuilder();
    for (Object part : all(concat.parts(), frame)) {
      String string = PythonText.str(part);
      budget.grow((long) text.length() + string.length(), string.length());
      text.append(string);
    }
    return text.toString();
  }

  private Object conditional(Expression.Conditional conditional, Frame frame) {
    if (Types.truth(evaluate(conditional.test(), frame))) {
      return evaluate(conditional.then(), frame);
    }
    return conditional.otherwise() == null
        ? Undefined.hint(
            "the inline if-expression on line %d evaluated to false and no else section was defined."
                .formatted(conditional.line()))
        : evaluate(conditional.otherwise(), frame);
  }

  private Object filter(Expression.Filter filter, Frame frame, @Nullable String captured) {
    Object value = evaluate(filter.target(), frame, captured);
    Arguments arguments = arguments(filter.arguments(), frame, null);
    rendering.at(filter.line());
    return Filters.apply(filter.name(), value, arguments, rendering);
  }

  private Object test(Expression.Test test, Frame frame) {
    Object value = evaluate(test.target(), frame);
    Arguments arguments = arguments(test.arguments(), frame, null);
    rendering.at(test.line());
    return Tests.apply(test.name(), value, arguments, rendering);
  }

  /**
   * Calls what an expression yields.
   *
   * @param caller the body of a call block, or null
   */
  Object call(Expression.Call call, Frame frame, @Nullable Macro caller) {
    Object callee = evaluate(call.target(), frame);
    Arguments arguments = arguments(call.arguments(), frame, caller);
    rendering.at(call.line());
    return rendering.call(callee, arguments);
  }

  private Arguments arguments(CallArguments written, Frame frame, @Nullable Macro caller) {
    if (written.isEmpty() && caller == null) {
      return Arguments.EMPTY;
    }
    List<Object> positional = all(written.positional(), frame);
    Map<String, Object> keywords = new LinkedHashMap<>();
    for (Keyword keyword : written.keywords()) {
      keywords.put(keyword.name(), evaluate(keyword.value(), frame));
    }
    if (caller != null) {
      keywords.put("caller", caller);
    }
    if (written.moreArguments() != null) {
      Iterator<Object> more = Types.iterate(evaluate(written.moreArguments(), frame));
      while (more.hasNext()) {
        budget.step();
        positional.add(more.next());
      }
    }
    if (written.moreKeywords() != null) {
      addKeywords(evaluate(written.moreKeywords(), frame), keywords);
    }
    return new Arguments(positional, keywords);
  }

  private static void addKeywords(Object value, Map<String, Object> keywords) {
    if (!(value instanceof Dict dict)) {
      throw PythonError.type("argument after ** must be a mapping, not " + Types.name(value));
    }
    for (Dict.Entry entry : dict.entries()) {
      if (!Texts.isString(entry.key())) {
        throw PythonError.type("keywords must be strings");
      }
      if (keywords.put(Texts.chars(entry.key()), entry.value()) != null) {
        throw PythonError.type(
            "got multiple values for keyword argument " + PythonText.repr(entry.key()));
      }
    }
  }
}
