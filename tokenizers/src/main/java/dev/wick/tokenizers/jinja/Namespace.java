package dev.wick.tokenizers.jinja;

import java.util.LinkedHashMap;
import java.util.Map;

/** What {@code namespace(...)} returns: the one value whose attributes a template may assign. */
final class Namespace {
  private final Map<String, Object> attributes = new LinkedHashMap<>();

  Map<String, Object> attributes() {
    return attributes;
  }
}
