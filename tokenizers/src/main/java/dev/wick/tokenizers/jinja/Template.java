package dev.wick.tokenizers.jinja;

import dev.wick.tokenizers.jinja.TemplateException.Kind;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;

/**
 * A parsed Jinja template. Immutable and thread-safe; every rendering has its own state.
 *
 * <p>Beside jinja2's own filters, tests and globals there are {@code raise_exception(message)},
 * {@code strftime_now(format)} and Hugging Face's {@code tojson}, which escapes neither HTML nor,
 * by default, non-ASCII characters.
 */
public final class Template {
  private static final int MAX_SOURCE = 4 << 20;
  private static final int MAX_SNIPPET = 80;

  private final String source;
  private final Statement.Body body;
  private final IdentityHashMap<Object, Symbols> scopes;
  private final TemplateOptions options;

  private Template(
      String source,
      Statement.Body body,
      IdentityHashMap<Object, Symbols> scopes,
      TemplateOptions options) {
    this.source = source;
    this.body = body;
    this.scopes = scopes;
    this.options = options;
  }

  /**
   * Parses a template with the default options.
   *
   * @throws TemplateException if the template does not parse
   */
  public static Template parse(String source) {
    return parse(source, TemplateOptions.defaults());
  }

  /**
   * Parses a template.
   *
   * @throws TemplateException if the template does not parse
   */
  public static Template parse(String source, TemplateOptions options) {
    if (source.length() > MAX_SOURCE) {
      throw new TemplateException(
          Kind.LIMIT,
          "expected at most " + MAX_SOURCE + " characters of source",
          1,
          snippet(source, 1));
    }
    try {
      Statement.Body body = Parser.parse(source);
      return new Template(source, body, ScopeAnalysis.analyze(body), options);
    } catch (SyntaxError error) {
      throw new TemplateException(
          Kind.SYNTAX, error.reason(), error.line(), snippet(source, error.line()));
    }
  }

  /**
   * Renders the template.
   *
   * @param variables by name; values are null, booleans, numbers, strings, and lists, arrays and
   *     maps of such
   * @throws TemplateException if the template refuses the variables, fails or reaches a limit
   * @throws IllegalArgumentException if a variable is of another type
   */
  public Rendered render(Map<String, ?> variables) {
    Map<String, Object> values = new HashMap<>();
    variables.forEach((name, value) -> values.put(name, JavaValues.convert(name, value)));
    Rendering rendering = new Rendering(scopes, values, options);
    try {
      return rendering.render(body);
    } catch (PythonError error) {
      throw new TemplateException(
          error.kind(), error.reason(), rendering.line(), snippet(source, rendering.line()));
    }
  }

  private static String snippet(String source, int line) {
    List<String> lines = source.lines().skip(Math.max(0, line - 1L)).limit(1).toList();
    String text = lines.isEmpty() ? "" : lines.getFirst().strip();
    return text.length() <= MAX_SNIPPET ? text : text.substring(0, MAX_SNIPPET) + "...";
  }
}
