package dev.wick.tokenizers.jinja;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.wick.tokenizers.jinja.TemplateException.Kind;
import java.io.IOException;
import java.io.InputStream;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/** Renderings by Python's jinja2, which the head of each resource describes. */
class ProbeTest {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final TypeReference<Map<String, Object>> VARIABLES = new TypeReference<>() {};
  private static final Clock CLOCK =
      Clock.fixed(Instant.parse("2024-07-26T14:05:09Z"), ZoneOffset.UTC);

  /** What jinja2's exception types are here; those absent may be any kind. */
  private static final Map<String, Kind> KINDS =
      Map.of(
          "UndefinedError", Kind.UNDEFINED,
          "SecurityError", Kind.SECURITY,
          "TemplateError", Kind.RAISED,
          "TemplateSyntaxError", Kind.SYNTAX,
          "ZeroDivisionError", Kind.RUNTIME);

  @TestFactory
  Stream<DynamicTest> features() throws IOException {
    return probes("probes.json");
  }

  @TestFactory
  Stream<DynamicTest> randomTemplates() throws IOException {
    return probes("random-probes.json");
  }

  private static Stream<DynamicTest> probes(String resource) throws IOException {
    JsonNode root;
    try (InputStream in = ProbeTest.class.getResourceAsStream(resource)) {
      root = JSON.readTree(in);
    }
    JsonNode shared = root.path("context");
    List<JsonNode> probes = StreamSupport.stream(root.get("probes").spliterator(), false).toList();
    assertThat(probes).hasSizeGreaterThan(500);
    return probes.stream()
        .map(
            probe ->
                dynamicTest(
                    probe.get("template").asText(),
                    () -> check(probe, probe.has("context") ? probe.get("context") : shared)));
  }

  private static void check(JsonNode probe, JsonNode context) {
    String source = probe.get("template").asText();
    Map<String, Object> variables =
        context.isObject() ? JSON.convertValue(context, VARIABLES) : Map.of();
    TemplateOptions options = new TemplateOptions(CLOCK, TemplateLimits.DEFAULT);

    if (probe.has("error")) {
      TemplateException error =
          catchThrowableOfType(
              TemplateException.class, () -> Template.parse(source, options).render(variables));
      assertThat(error).as(source).isNotNull();
      Kind kind = KINDS.get(probe.get("error").asText());
      if (kind != null) {
        assertThat(error.kind()).as(error.getMessage()).isEqualTo(kind);
      }
      return;
    }
    Rendered rendered = Template.parse(source, options).render(variables);

    assertThat(rendered.text()).isEqualTo(probe.get("rendered").asText());
    assertThat(rendered.generationSpans())
        .isEqualTo(
            StreamSupport.stream(probe.path("spans").spliterator(), false)
                .map(span -> new Rendered.Span(span.get(0).asInt(), span.get(1).asInt()))
                .toList());
  }
}
