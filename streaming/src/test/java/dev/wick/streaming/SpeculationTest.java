package dev.wick.streaming;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.wick.engine.model.AdapterUse;
import dev.wick.streaming.sampling.LogitsException;
import dev.wick.streaming.sampling.SamplingOptions;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Guessed tokens change how many steps a request takes, and nothing else. */
@Timeout(60)
class SpeculationTest {
  private static final SamplingOptions GREEDY = SamplingOptions.greedy();

  /** The model's own next token, or now and then another one. */
  private static ScriptedModel draft(int wrongEvery) {
    ScriptedModel right = ScriptedModel.hashing();
    return new ScriptedModel(
        400, 4096, 2048, tokens -> tokens.length % wrongEvery == 0 ? 'X' : right.nextToken(tokens));
  }

  private static GenerationRequest.Builder request(String prompt, SamplingOptions sampling) {
    return GenerationRequest.builder(prompt).sampling(sampling).maxTokens(40);
  }

  /** Tokens of a request, without the times. */
  private static List<StreamToken> tokens(
      ScriptedModel model, Speculation speculation, GenerationRequest.Builder request) {
    List<StreamToken> tokens = new ArrayList<>();
    try (Generator generator = new Generator(model, new TestTokenizer(pieces()))) {
      Completion completion =
          generator.generate(
              request.speculation(speculation).build(),
              token ->
                  tokens.add(
                      new StreamToken(
                          token.index(),
                          token.id(),
                          token.text(),
                          token.logit(),
                          token.logProbability(),
                          token.alternatives(),
                          token.endOfSequence(),
                          token.finishReason(),
                          0)));
      assertThat(completion.tokenIds()).isEqualTo(tokens.stream().map(StreamToken::id).toList());
    }
    assertThat(model.holdsNothing()).isTrue();
    return tokens;
  }

  @Test
  void promptLookup_repeatingText_takesFewerSteps() {
    String text = "the same words, ";
    GenerationRequest.Builder request = request("t", GREEDY).topLogprobs(3).maxTokens(64);
    List<StreamToken> expected = tokens(ScriptedModel.saying(text), Speculation.OFF, request);
    ScriptedModel model = ScriptedModel.saying(text);

    List<StreamToken> tokens = tokens(model, Speculation.promptLookup(5), request);

    assertThat(tokens).isEqualTo(expected);
    assertThat(model.steps.get()).isLessThan(40).isGreaterThan(17);
  }

  @Test
  void promptLookup_anyTextAndSampling_givesTheSameTokens() {
    long seed = System.nanoTime();
    Random random = new Random(seed);
    for (int round = 0; round < 40; round++) {
      int period = 1 + random.nextInt(9);
      int noise = 1 + random.nextInt(30);
      ScriptedModel model =
          new ScriptedModel(
              400,
              4096,
              2048,
              t -> 'a' + (t.length % noise == 0 ? t.length : t.length % period) % 26);
      SamplingOptions sampling =
          SamplingOptions.builder()
              .temperature(random.nextInt(3))
              .topK(random.nextInt(3) * 20)
              .repetitionPenalty(1 + random.nextInt(2) * 0.01)
              .seed(random.nextLong())
              .build();
      GenerationRequest.Builder request =
          request("p".repeat(1 + random.nextInt(9)), sampling).maxTokens(1 + random.nextInt(90));

      assertThat(tokens(model, Speculation.promptLookup(1 + random.nextInt(15)), request))
          .as("seed %d, round %d", seed, round)
          .isEqualTo(tokens(model, Speculation.OFF, request));
    }
  }

  @Test
  void draftModel_greedy_givesTheSameTokensInFewerSteps() {
    for (int wrongEvery : new int[] {1, 2, 3, 7, 1000}) {
      GenerationRequest.Builder request = request("some prompt", GREEDY).topLogprobs(2);
      List<StreamToken> expected = tokens(ScriptedModel.hashing(), Speculation.OFF, request);
      ScriptedModel model = ScriptedModel.hashing();
      ScriptedModel draft = draft(wrongEvery);

      assertThat(tokens(model, Speculation.draftModel(draft, 4), request)).isEqualTo(expected);
      assertThat(draft.holdsNothing()).isTrue();
      if (wrongEvery == 1) {
        assertThat(model.steps.get()).isEqualTo(40);
      } else if (wrongEvery == 1000) {
        assertThat(model.steps.get()).isEqualTo(9); // 1 + 39 / 5
      } else {
        assertThat(model.steps.get()).isBetween(10, 30);
      }
    }
  }

  @Test
  void draftModel_withPenalties_appliesThemToItsGuesses() {
    SamplingOptions sampling =
        SamplingOptions.builder()
            .temperature(0)
            .repetitionPenalty(1.3)
            .frequencyPenalty(1)
            .noRepeatNgramSize(3)
            .build();
    GenerationRequest.Builder request = request("pppp", sampling);
    ScriptedModel plain = ScriptedModel.saying("ab");
    List<StreamToken> expected = tokens(plain, Speculation.OFF, request);
    ScriptedModel model = ScriptedModel.saying("ab");

    assertThat(tokens(model, Speculation.draftModel(ScriptedModel.saying("ab"), 4), request))
        .isEqualTo(expected);
    assertThat(model.steps.get()).isEqualTo(9); // every guess came true: 1 + 39 / 5
  }

  @Test
  void usage_andStats_countGuesses() {
    ScriptedModel model = ScriptedModel.hashing();
    try (Generator generator =
        new Generator(
            model,
            new TestTokenizer(),
            GeneratorOptions.DEFAULT.withSpeculation(Speculation.draftModel(draft(1000), 3)))) {
      Completion completion = generator.generate(request("pp", GREEDY).maxTokens(9).build());

      assertThat(completion.usage()).isEqualTo(new Usage(2, 9, 0, 6, 6));
      assertThat(generator.stats().steps()).isEqualTo(3); // 1, 4, 4
      assertThat(generator.stats().guessedTokens()).isEqualTo(6);
      assertThat(generator.stats().acceptedTokens()).isEqualTo(6);
      assertThat(generator.stats().acceptanceRate()).isEqualTo(1);
      Completion off =
          generator.generate(
              request("qq", GREEDY).maxTokens(9).speculation(Speculation.OFF).build());
      assertThat(off.usage()).isEqualTo(new Usage(2, 9));
    }
  }

  @Test
  void stopStringAndLength_withinGuesses_endThere() {
    ScriptedModel model = ScriptedModel.saying("hello world ");
    Speculation speculation = Speculation.draftModel(ScriptedModel.saying("hello world "), 8);
    for (int length = 1; length < 12; length++) {
      List<StreamToken> tokens = tokens(model, speculation, request("p", GREEDY).maxTokens(length));
      assertThat(tokens).hasSize(length);
      assertThat(tokens.getLast().finishReason()).contains(FinishReason.LENGTH);
    }
    List<StreamToken> tokens = tokens(model, speculation, request("p", GREEDY).stop("o w"));
    assertThat(tokens)
        .extracting(StreamToken::text)
        .containsExactly("h", "e", "l", "l", "", "", "");
    assertThat(tokens.getLast().finishReason()).contains(FinishReason.STOP_STRING);
  }

  @Test
  void endOfSequence_withinGuesses_endsThere() {
    int[] text = {'a', 'b', ScriptedModel.EOS, 'c'};
    Speculation speculation = Speculation.draftModel(ScriptedModel.saying(1, text), 8);

    List<StreamToken> tokens =
        tokens(ScriptedModel.saying(1, text), speculation, request("p", GREEDY));

    assertThat(tokens).extracting(StreamToken::text).containsExactly("a", "b", "");
    assertThat(tokens.getLast().finishReason()).contains(FinishReason.STOP);
  }

  @Test
  void callback_stopsWithinGuesses_hasOnlyWhatItRead() {
    ScriptedModel model = ScriptedModel.saying("abcdefgh");
    ScriptedModel draft = ScriptedModel.saying("abcdefgh");
    try (Generator generator = new Generator(model, new TestTokenizer())) {
      GenerationRequest request =
          request("p", GREEDY).speculation(Speculation.draftModel(draft, 6)).build();
      Completion completion = generator.generate(request, token -> token.index() < 3);

      assertThat(completion.text()).isEqualTo("abcd");
      assertThat(completion.finishReason()).isEqualTo(FinishReason.CANCELLED);
      assertThat(completion.usage().completionTokens()).isEqualTo(4);
    }
    assertThat(model.holdsNothing()).isTrue();
    assertThat(draft.holdsNothing()).isTrue();
  }

  @Test
  void requests_ofAllKindsTogether_equalTheirSoloRuns() {
    long seed = System.nanoTime();
    Random random = new Random(seed);
    ScriptedModel draft = draft(4);
    for (int round = 0; round < 6; round++) {
      ScriptedModel model = ScriptedModel.hashing(40 + random.nextInt(60));
      List<GenerationRequest> requests = new ArrayList<>();
      List<List<Integer>> alone = new ArrayList<>();
      GeneratorOptions options =
          new GeneratorOptions(1 + random.nextInt(8), 8 + random.nextInt(40))
              .withPrefixReuse(random.nextBoolean());
      try (Generator generator = new Generator(model, new TestTokenizer(), options)) {
        for (int i = 0; i < 16; i++) {
          GenerationRequest.Builder request =
              request("request " + i % 5 + "x".repeat(random.nextInt(20)), GREEDY)
                  .maxTokens(1 + random.nextInt(40));
          alone.add(generator.generate(request.speculation(Speculation.OFF).build()).tokenIds());
          requests.add(
              switch (random.nextInt(4)) {
                case 0 -> request.build();
                case 1 -> request.speculation(Speculation.promptLookup(4)).build();
                case 2 ->
                    request
                        .speculation(Speculation.draftModel(draft, 3))
                        .adapters(List.of(new AdapterUse(new NamedAdapter("a"), 1)))
                        .build();
                default ->
                    request
                        .speculation(Speculation.draftModel(draft, 1 + random.nextInt(15)))
                        .build();
              });
        }
        List<CompletableFuture<Completion>> futures =
            requests.stream().map(generator::generateAsync).toList();
        for (int i = 0; i < requests.size(); i++) {
          assertThat(futures.get(i).join().tokenIds())
              .as("seed %d, round %d, request %d", seed, round, i)
              .isEqualTo(alone.get(i));
        }
      }
      assertThat(model.holdsNothing()).as("seed %d", seed).isTrue();
      assertThat(draft.holdsNothing()).as("seed %d", seed).isTrue();
    }
    assertThat(draft.adapters).allMatch(List::isEmpty);
  }

  @Test
  void draftModel_withoutRoom_guessesNothing() {
    ScriptedModel model = ScriptedModel.hashing();
    ScriptedModel draft = ScriptedModel.hashing(3); // 12 tokens
    GenerationRequest.Builder request = request("a long prompt, long", GREEDY);

    List<StreamToken> tokens = tokens(model, Speculation.draftModel(draft, 4), request);

    assertThat(tokens).isEqualTo(tokens(ScriptedModel.hashing(), Speculation.OFF, request));
    assertThat(draft.holdsNothing()).isTrue();
  }

  @Test
  void draftModel_otherVocabulary_guessesWhatBothHave() {
    int[] text = {'a', 390, 'b', 'c'};
    ScriptedModel large = ScriptedModel.saying(1, 'a', 450, 'b', 'c').withVocabulary(500);
    ScriptedModel small = ScriptedModel.saying(1, text).withVocabulary(300);
    GenerationRequest.Builder request = request("p", GREEDY).maxTokens(9);
    String[] pieces = pieces();
    List<Integer> expected;
    try (Generator generator =
        new Generator(ScriptedModel.saying(1, text), new TestTokenizer(pieces))) {
      expected = generator.generate(request.build()).tokenIds();
    }
    for (ScriptedModel draft : List.of(large, small)) {
      try (Generator generator =
          new Generator(ScriptedModel.saying(1, text), new TestTokenizer(pieces))) {
        assertThat(
                generator
                    .generate(request.speculation(Speculation.draftModel(draft, 4)).build())
                    .tokenIds())
            .isEqualTo(expected);
      }
      assertThat(draft.holdsNothing()).isTrue();
    }
  }

  private static String[] pieces() {
    String[] pieces = new String[400 - TestTokenizer.FIRST_PIECE];
    Arrays.setAll(pieces, i -> "piece" + i);
    return pieces;
  }

  @Test
  void draftModel_stepFails_endsThatRequestOnly() {
    ScriptedModel model = ScriptedModel.hashing();
    ScriptedModel draft = ScriptedModel.hashing();
    draft.failAtStep = 2;
    try (Generator generator = new Generator(model, new TestTokenizer())) {
      assertThatThrownBy(
              () ->
                  generator.generate(
                      request("p", GREEDY).speculation(Speculation.draftModel(draft, 2)).build()))
          .isInstanceOf(IllegalStateException.class)
          .hasMessage("scripted failure");
      assertThat(generator.generate(request("p", GREEDY).build()).tokenIds()).hasSize(40);
    }
    assertThat(model.holdsNothing()).isTrue();
    assertThat(draft.holdsNothing()).isTrue();
  }

  @Test
  void logits_notANumberWithinGuesses_failWithTheTokensBefore() {
    ScriptedModel model = ScriptedModel.saying("abcdefgh");
    model.nanAfter = tokens -> tokens.length == 6;
    ScriptedModel draft = ScriptedModel.saying("abcdefgh");
    draft.nanAfter = tokens -> tokens.length == 7;
    StringBuilder text = new StringBuilder();
    try (Generator generator = new Generator(model, new TestTokenizer())) {
      GenerationRequest request =
          request("p", GREEDY).speculation(Speculation.draftModel(draft, 8)).build();

      assertThatThrownBy(
              () ->
                  generator.generate(
                      request,
                      token -> {
                        text.append(token.text());
                        return true;
                      }))
          .isInstanceOf(LogitsException.class)
          .hasMessageContaining("step 5");
    }
    assertThat(text).hasToString("abcde");
    assertThat(model.holdsNothing()).isTrue();
  }

  /**
   * Three tokens of a vocabulary of five, with every processor that looks at the text, against
   * their exact joint distribution.
   */
  @Test
  void draftModel_sampling_isDistributedAsWithout() {
    long seed = System.nanoTime();
    System.out.println("seed of the distribution: " + seed);
    Random random = new Random(seed);
    ScriptedModel model = scored(7);
    SamplingOptions.Builder options =
        SamplingOptions.builder()
            .temperature(1.3)
            .repetitionPenalty(1.2)
            .frequencyPenalty(0.4)
            .topP(0.97)
            .logitBias(Map.of(2, 0.5f));
    Map<List<Integer>, Double> expected = ExactDistribution.of(options.build(), model, 3, 5);
    for (Speculation speculation :
        List.of(
            Speculation.draftModel(scored(8), 2),
            Speculation.draftModel(scored(7), 3),
            new Speculation.PromptLookup(2, 2))) {
      Map<List<Integer>, Integer> counts = new HashMap<>();
      int draws = 6_000;
      try (Generator generator = new Generator(model, new TestTokenizer())) {
        for (int i = 0; i < draws; i++) {
          GenerationRequest request =
              GenerationRequest.builder(Prompt.of(0, 1, 0, 1))
                  .sampling(options.seed(random.nextLong()).build())
                  .maxTokens(3)
                  .ignoreEndOfSequence(true)
                  .speculation(speculation)
                  .build();
          counts.merge(generator.generate(request).tokenIds(), 1, Integer::sum);
        }
        assertThat(generator.stats().guessedTokens()).isPositive();
        assertThat(generator.stats().acceptedTokens()).isPositive();
      }
      ExactDistribution.assertFits(
          counts, expected, draws, "seed %d, %s".formatted(seed, speculation));
    }
  }

  /** A model of five tokens with scores that depend on the last two. */
  private static ScriptedModel scored(long seed) {
    ScriptedModel model = new ScriptedModel(5, 4096, 64, tokens -> 0);
    model.scores =
        tokens -> {
          int last = tokens.length - 1;
          Random random = new Random(31 * tokens[last] + tokens[Math.max(0, last - 1)] + seed % 7);
          float[] scores = new float[5];
          for (int i = 0; i < 5; i++) {
            scores[i] = (float) random.nextGaussian() + (seed == 8 && i == 3 ? 1 : 0);
          }
          return scores;
        };
    return model;
  }

  @Test
  void speculation_outOfRange_isRefused() {
    assertThatThrownBy(() -> Speculation.promptLookup(0))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("speculation: expected 1 to 15 tokens, got 0");
    assertThatThrownBy(() -> Speculation.draftModel(ScriptedModel.hashing(), 16))
        .hasMessage("speculation: expected 1 to 15 tokens, got 16");
    assertThatThrownBy(() -> new Speculation.PromptLookup(4, 1))
        .hasMessage("prompt_lookup: expected an n-gram of at least 2 tokens, got 1");
  }
}
