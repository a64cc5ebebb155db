package dev.wick.tokenizers.jinja;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.wick.tokenizers.jinja.TemplateException.Kind;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TemplateTest {
  private static TemplateException failure(String source, Map<String, ?> variables) {
    TemplateException error =
        catchThrowableOfType(
            TemplateException.class, () -> Template.parse(source).render(variables));
    assertThat(error).as(source).isNotNull();
    return error;
  }

  private static TemplateException failure(String source) {
    return failure(source, Map.of());
  }

  @Test
  void parse_unclosedBlock_namesTheTagAndItsLine() {
    TemplateException error = failure("a\n{% if x %}\nb\n");

    assertThat(error.kind()).isEqualTo(Kind.SYNTAX);
    assertThat(error.line()).isEqualTo(3);
    assertThat(error)
        .hasMessageContaining("expected 'elif' or 'else' or 'endif' to close 'if' of line 2");
  }

  @Test
  void parse_badExpression_showsLineAndSnippet() {
    TemplateException error = failure("first\n  {{ 1 + }}\nlast");

    assertThat(error.line()).isEqualTo(2);
    assertThat(error.snippet()).isEqualTo("{{ 1 + }}");
    assertThat(error)
        .hasMessage("template: unexpected 'end of print statement' (line 2: {{ 1 + }})");
  }

  @ParameterizedTest
  @ValueSource(strings = {"include 'x'", "import 'x' as y", "from 'x' import y", "extends 'x'"})
  void parse_tagThatNeedsALoader_isRefused(String tag) {
    assertThat(failure("{% " + tag + " %}").getMessage()).contains("needs a template loader");
  }

  @Test
  void render_raiseException_givesTheTemplatesOwnMessage() {
    TemplateException error =
        failure("{% if not messages %}\n{{ raise_exception('no messages') }}{% endif %}");

    assertThat(error.kind()).isEqualTo(Kind.RAISED);
    assertThat(error.reason()).isEqualTo("no messages");
    assertThat(error.line()).isEqualTo(2);
  }

  @Test
  void render_failureInMacro_reportsTheLineInTheMacro() {
    TemplateException error =
        failure("{% macro m(x) %}\n{{ x.y.z }}\n{% endmacro %}\n\n{{ m({}) }}");

    assertThat(error.kind()).isEqualTo(Kind.UNDEFINED);
    assertThat(error.line()).isEqualTo(2);
    assertThat(error.reason()).isEqualTo("'dict object' has no attribute 'y'");
  }

  @Test
  void render_javaValues_readAsPython() {
    Map<String, Object> variables = new HashMap<>();
    variables.put("none", null);
    variables.put("list", List.of(1, 2L, (short) 3, 1.5f, new BigDecimal("2.5"), true, 'c'));
    variables.put("big", BigInteger.TEN.pow(30));
    variables.put("array", new Object[] {"a", Map.of("k", "v")});

    String text =
        Template.parse("{{ [none, list, big, array] }}{{ x is defined }}").render(variables).text();

    assertThat(text)
        .isEqualTo(
            "[None, [1, 2, 3, 1.5, 2.5, True, 'c'], 1000000000000000000000000000000, ['a', {'k': 'v'}]]False");
  }

  @Test
  void render_foreignObject_isRefused() {
    assertThatThrownBy(() -> Template.parse("{{ x }}").render(Map.of("x", new Object())))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage(
            "template variable x: expected null, a boolean, number, string, list or map, got"
                + " java.lang.Object");
  }

  @Test
  void render_listThatContainsItself_isRefused() {
    List<Object> list = new ArrayList<>();
    list.add(list);

    assertThatThrownBy(() -> Template.parse("{{ x }}").render(Map.of("x", list)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("nested values");
  }

  @Test
  void render_setBlockIntoDict_leavesTheCallersMapAlone() {
    Map<String, Object> map = new HashMap<>(Map.of("a", 1));

    Template.parse("{% set d.b %}2{% endset %}{{ d }}").render(Map.of("d", map));

    assertThat(map).containsExactly(Map.entry("a", 1));
  }

  @Test
  void render_twice_startsAfresh() {
    Template template =
        Template.parse("{% set ns = namespace(n=0) %}{% set ns.n = ns.n + x %}{{ ns.n }}");

    assertThat(template.render(Map.of("x", 1)).text()).isEqualTo("1");
    assertThat(template.render(Map.of("x", 2)).text()).isEqualTo("2");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{{ 'x' * 1000000000 }}",
        "{{ 'x'|center(2000000000) }}",
        "{{ '%2000000000d' % 1 }}",
        "{{ '{:>999999999}'.format(1) }}",
        "{{ ('a' * 1000000).replace('a', 'b' * 1000000) }}",
        "{{ [1]|tojson(indent=2000000000) }}",
        "{{ [1]|batch(2000000000, 1)|list }}",
        "{{ 10 ** 10000000 }}",
        "{% set ns = namespace(s='x') %}{% for i in range(99) %}{% set ns.s = ns.s ~ ns.s %}{% endfor %}",
        "{% set ns = namespace(s=[1]) %}{% for i in range(60) %}{% set ns.s = [ns.s, ns.s] %}{% endfor %}{{ ns.s }}",
        "{% set ns = namespace(s=[1], t=[1]) %}{% for i in range(60) %}{% set ns.s = [ns.s, ns.s] %}"
            + "{% set ns.t = [ns.t, ns.t] %}{% endfor %}{{ ns.s == ns.t }}",
        "{% set ns = namespace() %}{% set ns.a = [ns] %}{{ ns.a }}",
        "{% for i in range(100000) %}{% for j in range(100000) %}{% endfor %}{% endfor %}"
      })
  void render_explodingTemplate_endsAtALimit(String source) {
    assertThat(failure(source).kind()).isEqualTo(Kind.LIMIT);
  }

  @Test
  void render_rangeBeyondTheSandbox_isRefused() {
    assertThat(failure("{{ range(100001) }}").reason()).contains("MAX_RANGE (100000)");
  }

  @Test
  void search_longTextsThatNearlyMatch_takesLinearTime() {
    Template template =
        Template.parse(
            "{% set t = 'a' * 4000000 %}{{ t.find('a' * 2000000 ~ 'b') }} {{ ('b' ~ 'a' * 2000000) in t }}"
                + " {{ t.rfind('b' ~ 'a' * 2000000) }} {{ (t ~ 'b').find('a' * 2000000 ~ 'b') }}");

    assertThat(template.render(Map.of()).text()).isEqualTo("-1 False -1 2000000");
  }

  @Test
  void deepNesting_onASmallStack_endsAtALimit() throws InterruptedException {
    List<String> sources =
        List.of(
            "{% macro f(n) %}{% for i in [1] %}{% if i %}{{ (f(n + 1) ~ 'a')|upper }}{% endif %}{% endfor %}"
                + "{% endmacro %}{{ f(1) }}",
            "{% macro m() %}{{ caller() }}{% endmacro %}{% macro r() %}{% call m() %}{{ r() }}{% endcall %}"
                + "{% endmacro %}{{ r() }}",
            "{% for i in [1] recursive %}{{ loop([1]) }}{% endfor %}",
            "{% set ns = namespace(s=[1]) %}{% for i in range(9000) %}{% set ns.s = ns.s|map('string') %}"
                + "{% endfor %}{{ ns.s|list }}",
            "{% set ns = namespace(s=[1], t=[1]) %}{% for i in range(9000) %}{% set ns.s = [ns.s] %}"
                + "{% set ns.t = [ns.t] %}{% endfor %}{{ ns.s == ns.t }}",
            "{{ " + "(".repeat(5000) + "1" + ")".repeat(5000) + " }}",
            "{{ 1" + "+1".repeat(50000) + " }}",
            "{{ " + "not ".repeat(50000) + "1 }}",
            "{{ x" + ".a".repeat(50000) + " }}",
            "{% if 1 %}".repeat(5000));
    AtomicReference<Throwable> failure = new AtomicReference<>();
    Thread thread =
        new Thread(
            null,
            () -> {
              for (String source : sources) {
                TemplateException error = failure(source);
                assertThat(error.kind()).isIn(Kind.LIMIT, Kind.SYNTAX);
              }
            },
            "small stack",
            768 << 10);
    thread.setUncaughtExceptionHandler((_, error) -> failure.set(error));

    thread.start();
    thread.join();

    assertThat(failure.get()).isNull();
  }

  @Test
  void limits_ofZero_areRefused() {
    assertThatThrownBy(() -> new TemplateLimits(0, 1, 1))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("template limits: expected positive bounds, got steps 0, length 1, depth 1");
  }
}
