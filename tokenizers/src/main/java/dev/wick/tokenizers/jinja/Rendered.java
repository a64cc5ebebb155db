package dev.wick.tokenizers.jinja;

import java.util.List;

/**
 * The result of rendering a template.
 *
 * @param text the rendered text
 * @param generationSpans what the {@code generation} blocks produced, in the order of their
 *     evaluation
 */
public record Rendered(String text, List<Span> generationSpans) {
  /** Copies the spans. */
  public Rendered {
    generationSpans = List.copyOf(generationSpans);
  }

  /**
   * A range of the text in Unicode code points (not UTF-16 units), as Hugging Face counts.
   *
   * @param start first code point
   * @param end code point after the last
   */
  public record Span(int start, int end) {}
}
