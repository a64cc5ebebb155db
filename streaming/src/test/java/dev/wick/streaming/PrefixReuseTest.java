package dev.wick.streaming;

import static org.assertj.core.api.Assertions.assertThat;

import dev.wick.engine.model.AdapterUse;
import java.util.Iterator;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Requests that begin as earlier ones did; a block has 4 tokens, a token of the text is a byte. */
class PrefixReuseTest {
  private static final String PREFIX = "a long beginning that many requests share: ";

  @Test
  void generate_samePrefix_computesOnlyTheRest() {
    ScriptedModel model = ScriptedModel.hashing();
    try (Generator generator = new Generator(model, new TestTokenizer())) {
      Completion first = generator.generate(request(PREFIX + "one", 3));
      model.stepRows.clear();
      Completion second = generator.generate(request(PREFIX + "and two", 3));

      assertThat(first.usage()).isEqualTo(new Usage(46, 3, 0, 0, 0));
      assertThat(second.usage()).isEqualTo(new Usage(50, 3, 40, 0, 0)); // 10 blocks of 43 tokens
      assertThat(model.stepRows).containsExactly(10, 1, 1);
      assertThat(generator.stats().promptTokens()).isEqualTo(96);
      assertThat(generator.stats().cachedTokens()).isEqualTo(40);
      assertThat(generator.stats().cacheHitRate()).isEqualTo(40 / 96.0);
      assertThat(generator.stats().idleKvBlocks()).isPositive();
      assertThat(second.text()).isEqualTo(alone(PREFIX + "and two", 3));
    }
    assertThat(model.holdsNothing()).isTrue();
  }

  @Test
  void generate_secondTurnOfAChat_doesNotComputeTheFirstAgain() {
    ScriptedModel model = ScriptedModel.hashing();
    try (Generator generator = new Generator(model, new TestTokenizer())) {
      String conversation = "user: how are you? assistant: ";
      for (int turn = 0; turn < 4; turn++) {
        Completion answer = generator.generate(request(conversation, 21));
        if (turn > 0) {
          int known = conversation.length() - " user: and then? assistant: ".length();
          // All full blocks of what was said before; the last token was not computed then.
          assertThat(answer.usage().cachedTokens()).isEqualTo((known - 1) / 4 * 4);
        }
        assertThat(answer.text()).isEqualTo(alone(conversation, 21));
        conversation += answer.text() + " user: and then? assistant: ";
      }
    }
  }

  @Test
  void generate_samePromptAgain_computesItsLastToken() {
    ScriptedModel model = ScriptedModel.hashing();
    try (Generator generator = new Generator(model, new TestTokenizer())) {
      String prompt = "x".repeat(16);
      String text = generator.generate(request(prompt, 5)).text();
      model.stepRows.clear();

      Completion again = generator.generate(request(prompt, 5));

      assertThat(again.text()).isEqualTo(text);
      assertThat(again.usage().cachedTokens()).isEqualTo(12);
      assertThat(model.stepRows).startsWith(4);
    }
  }

  @Test
  void generate_otherAdapter_sharesNothing() {
    ScriptedModel model = ScriptedModel.hashing();
    List<AdapterUse> one = List.of(new AdapterUse(new NamedAdapter("one"), 1));
    List<AdapterUse> two = List.of(new AdapterUse(new NamedAdapter("two"), 1));
    List<AdapterUse> half = List.of(new AdapterUse(one.getFirst().adapter(), 0.5f));
    try (Generator generator = new Generator(model, new TestTokenizer())) {
      for (List<AdapterUse> adapters : List.of(one, two, half, List.<AdapterUse>of())) {
        assertThat(generator.generate(request(PREFIX, adapters)).usage().cachedTokens()).isZero();
      }
      for (List<AdapterUse> adapters : List.of(one, two, half, List.<AdapterUse>of())) {
        assertThat(generator.generate(request(PREFIX, adapters)).usage().cachedTokens())
            .isEqualTo(40);
      }
      model.apply(one.getFirst().adapter()); // the default adapter is one too
      assertThat(generator.generate(request(PREFIX, List.of())).usage().cachedTokens())
          .isEqualTo(40);
    }
  }

  @Test
  void generate_reuseTurnedOff_computesAll() {
    ScriptedModel model = ScriptedModel.hashing();
    try (Generator generator =
        new Generator(
            model, new TestTokenizer(), GeneratorOptions.DEFAULT.withPrefixReuse(false))) {
      generator.generate(request(PREFIX, 3));

      assertThat(generator.generate(request(PREFIX, 3)).usage())
          .isEqualTo(new Usage(43, 3, 0, 0, 0));
      assertThat(generator.stats().idleKvBlocks()).isZero();
    }
  }

  @Test
  void cancel_duringThePrompt_freesAtOnceAndKeepsWhatWasComputed() {
    ScriptedModel model = ScriptedModel.hashing();
    try (Generator generator = new Generator(model, new TestTokenizer())) {
      try (Stream<StreamToken> stream = generator.stream(request(PREFIX, 30))) {
        Iterator<StreamToken> tokens = stream.iterator();
        tokens.next();
      }

      assertThat(model.holdsNothing()).isTrue();
      assertThat(generator.generate(request(PREFIX, 3)).usage().cachedTokens()).isEqualTo(40);
    }
  }

  @Test
  void generate_cacheFull_makesRoomAtTheCostOfWhatIsIdle() {
    ScriptedModel model = ScriptedModel.hashing(14); // 56 tokens
    try (Generator generator = new Generator(model, new TestTokenizer())) {
      for (int i = 0; i < 6; i++) {
        String prompt = i + PREFIX;
        assertThat(generator.generate(request(prompt, 9)).text()).isEqualTo(alone(prompt, 9));
      }
      assertThat(generator.stats().preemptions()).isZero();
      assertThat(generator.generate(request(5 + PREFIX, 9)).usage().cachedTokens()).isEqualTo(40);
      assertThat(generator.generate(request(0 + PREFIX, 9)).usage().cachedTokens()).isZero();
    }
    assertThat(model.holdsNothing()).isTrue();
  }

  @Test
  void generate_stepFailed_remembersNothingOfIt() {
    ScriptedModel model = ScriptedModel.hashing();
    model.failAtStep = 0;
    try (Generator generator = new Generator(model, new TestTokenizer())) {
      try {
        generator.generate(request(PREFIX, 3));
      } catch (IllegalStateException expected) {
        assertThat(expected).hasMessage("scripted failure");
      }

      assertThat(generator.generate(request(PREFIX, 3)).usage().cachedTokens()).isZero();
    }
  }

  private static String alone(String prompt, int maxTokens) {
    try (Generator generator = new Generator(ScriptedModel.hashing(), new TestTokenizer())) {
      return generator.generate(request(prompt, maxTokens)).text();
    }
  }

  private static GenerationRequest request(String prompt, int maxTokens) {
    return GenerationRequest.builder(prompt).maxTokens(maxTokens).build();
  }

  private static GenerationRequest request(String prompt, List<AdapterUse> adapters) {
    return GenerationRequest.builder(prompt).maxTokens(2).adapters(adapters).build();
  }
}
