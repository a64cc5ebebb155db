package dev.wick.streaming;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.wick.engine.model.KvExhaustedException;
import dev.wick.streaming.sampling.LogitsException;
import dev.wick.streaming.sampling.SamplingOptions;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class GenerateTest {
  private static final int EOS = TestTokenizer.EOS;

  @Test
  void generate_endOfSequence_stopsWithIt() {
    ScriptedModel model = ScriptedModel.saying(2, 'h', 'i', EOS, 'x');
    List<StreamToken> tokens = new ArrayList<>();
    try (Generator generator = new Generator(model, new TestTokenizer())) {
      Completion completion = generator.generate(GenerationRequest.of("ab"), tokens::add);

      assertThat(completion.text()).isEqualTo("hi");
      assertThat(completion.tokenIds()).containsExactly((int) 'h', (int) 'i', EOS);
      assertThat(completion.finishReason()).isEqualTo(FinishReason.STOP);
      assertThat(completion.usage()).isEqualTo(new Usage(2, 3));
      assertThat(completion.usage().totalTokens()).isEqualTo(5);
    }
    assertThat(tokens).extracting(StreamToken::text).containsExactly("h", "i", "");
    assertThat(tokens).extracting(StreamToken::index).containsExactly(0, 1, 2);
    assertThat(tokens).extracting(StreamToken::endOfSequence).containsExactly(false, false, true);
    assertThat(tokens)
        .extracting(StreamToken::finishReason)
        .containsExactly(Optional.empty(), Optional.empty(), Optional.of(FinishReason.STOP));
    assertThat(model.holdsNothing()).isTrue();
  }

  @Test
  void generate_ignoringEndOfSequence_goesOn() {
    ScriptedModel model = ScriptedModel.saying(1, 'h', EOS, 'i');

    Completion completion = generate(model, request().ignoreEndOfSequence(true).maxTokens(4));

    assertThat(completion.tokenIds()).containsExactly((int) 'h', EOS, (int) 'i', (int) 'h');
    assertThat(completion.text()).isEqualTo("hih");
    assertThat(completion.finishReason()).isEqualTo(FinishReason.LENGTH);
  }

  @Test
  void generate_specialTokensWanted_showsThem() {
    ScriptedModel model = ScriptedModel.saying(1, 'h', EOS, 'i');

    Completion completion =
        generate(model, request().ignoreEndOfSequence(true).skipSpecialTokens(false).maxTokens(3));

    assertThat(completion.text()).isEqualTo("h<eos>i");
  }

  @Test
  void generate_stopTokenId_endsWithoutItsText() {
    Completion completion =
        generate(ScriptedModel.saying("abc"), request().stopTokenIds('b').maxTokens(9));

    assertThat(completion.text()).isEqualTo("a");
    assertThat(completion.tokenIds()).containsExactly((int) 'a', (int) 'b');
    assertThat(completion.finishReason()).isEqualTo(FinishReason.STOP);
  }

  @Test
  void generate_generationConfig_isObeyed() {
    GenerationRequest request =
        request()
            .generationConfig(
                Map.of(
                    "do_sample",
                    true,
                    "temperature",
                    0.5,
                    "max_new_tokens",
                    7,
                    "eos_token_id",
                    List.of(256, 99)))
            .seed(3)
            .build();

    assertThat(request.maxTokens()).hasValue(7);
    assertThat(request.stopTokenIds()).containsExactly(256, 99);
    assertThat(request.sampling())
        .isEqualTo(SamplingOptions.builder().temperature(0.5).topK(50).seed(3).build());
  }

  @Test
  void generationConfig_wrongType_namesKeyAndValue() {
    assertThatThrownBy(() -> request().generationConfig(Map.of("eos_token_id", List.of("x"))))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("generation_config.json: expected an integer for 'eos_token_id', got x");
  }

  @Test
  void generate_contextFull_endsWithLength() {
    ScriptedModel model = new ScriptedModel(300, 10, 3, sequence -> 'x');
    try (Generator generator = new Generator(model, new TestTokenizer())) {
      Completion completion = generator.generate(GenerationRequest.of("seven.."));

      assertThat(completion.finishReason()).isEqualTo(FinishReason.LENGTH);
      assertThat(completion.usage()).isEqualTo(new Usage(7, 3));
    }
  }

  @Test
  void generate_promptBeyondTheContext_saysBothLengths() {
    ScriptedModel model = new ScriptedModel(300, 8, 3, sequence -> 'x');
    try (Generator generator = new Generator(model, new TestTokenizer())) {
      assertThatThrownBy(() -> generator.generate(GenerationRequest.of("ten bytes.")))
          .isInstanceOf(ContextTooLongException.class)
          .hasMessage(
              "prompt: expected fewer tokens than the context length of 8, got 10; shorten the"
                  + " prompt or load the model with a longer context")
          .satisfies(
              e -> {
                assertThat(((ContextTooLongException) e).actual()).isEqualTo(10);
                assertThat(((ContextTooLongException) e).max()).isEqualTo(8);
              });
    }
    assertThat(model.steps).hasValue(0);
  }

  @Test
  void generate_badPrompts_areRefused() {
    try (Generator generator = new Generator(ScriptedModel.saying("x"), new TestTokenizer())) {
      assertThatThrownBy(() -> generator.generate(GenerationRequest.of("")))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage("prompt: expected at least one token, got none");
      assertThatThrownBy(
              () -> generator.generate(GenerationRequest.builder(Prompt.of(1, 400)).build()))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage("prompt: expected token ids in 0..399, got 400");
    }
  }

  @Test
  void generate_cacheTooSmall_failsAndReturnsTheBlocks() {
    ScriptedModel model = new ScriptedModel(300, 100, 2, sequence -> 'x');
    try (Generator generator = new Generator(model, new TestTokenizer())) {
      assertThatThrownBy(() -> generator.generate(GenerationRequest.of("abc")))
          .isInstanceOf(KvExhaustedException.class);
    }
    assertThat(model.holdsNothing()).isTrue();
  }

  @Test
  void generate_longPrompt_goesInPartsOfWhichTheLastWantsLogits() {
    ScriptedModel model = ScriptedModel.saying(1300, 'a', 'b');
    try (Generator generator = new Generator(model, new TestTokenizer())) {
      Completion completion =
          generator.generate(GenerationRequest.builder("p".repeat(1300)).maxTokens(3).build());

      assertThat(completion.text()).isEqualTo("aba");
    }
    assertThat(model.stepRows).containsExactly(512, 512, 276, 1, 1);
  }

  @Test
  void generate_stopStringOverTokens_neverLeaks() {
    List<StreamToken> tokens = new ArrayList<>();
    try (Generator generator =
        new Generator(ScriptedModel.saying("xENxENDy"), new TestTokenizer())) {
      Completion completion =
          generator.generate(request().stop("END").maxTokens(20).build(), tokens::add);

      assertThat(completion.text()).isEqualTo("xENx");
      assertThat(completion.finishReason()).isEqualTo(FinishReason.STOP_STRING);
      assertThat(completion.usage().completionTokens()).isEqualTo(7);
    }
    assertThat(tokens)
        .extracting(StreamToken::text)
        .containsExactly("x", "", "", "ENx", "", "", "");
  }

  @Test
  void generate_stopStringWithinAToken_cutsTheText() {
    ScriptedModel model = ScriptedModel.saying(1, 'a', TestTokenizer.FIRST_PIECE);
    try (Generator generator = new Generator(model, new TestTokenizer("bc\n\nUser: de"))) {
      Completion completion = generator.generate(request().stop("User:", "\n\n").build());

      assertThat(completion.text()).isEqualTo("abc");
      assertThat(completion.finishReason()).isEqualTo(FinishReason.STOP_STRING);
    }
  }

  @Test
  void generate_beginningOfAStopStringAtTheEnd_isShown() {
    Completion byLength =
        generate(ScriptedModel.saying("abEN"), request().stop("END").maxTokens(4));
    Completion byEnd =
        generate(ScriptedModel.saying(1, 'E', 'N', EOS), request().stop("END").maxTokens(9));

    assertThat(byLength.text()).isEqualTo("abEN");
    assertThat(byLength.finishReason()).isEqualTo(FinishReason.LENGTH);
    assertThat(byEnd.text()).isEqualTo("EN");
    assertThat(byEnd.finishReason()).isEqualTo(FinishReason.STOP);
  }

  @Test
  void generate_charactersOfSeveralTokens_comeWhole() {
    List<StreamToken> tokens = new ArrayList<>();
    try (Generator generator = new Generator(ScriptedModel.saying("é😀"), new TestTokenizer())) {
      generator.generate(request().maxTokens(6).build(), tokens::add);
    }

    assertThat(tokens).extracting(StreamToken::text).containsExactly("", "é", "", "", "", "😀");
  }

  @Test
  void generate_halfACharacterAtTheEnd_becomesAReplacement() {
    Completion completion = generate(ScriptedModel.saying("a😀"), request().maxTokens(3));

    assertThat(completion.text()).isEqualTo("a\uFFFD");
  }

  @Test
  void generate_callbackSaysStop_cancels() {
    ScriptedModel model = ScriptedModel.saying("abcdef");
    try (Generator generator = new Generator(model, new TestTokenizer())) {
      Completion completion =
          generator.generate(GenerationRequest.of("p"), token -> token.index() < 2);

      assertThat(completion.finishReason()).isEqualTo(FinishReason.CANCELLED);
      assertThat(completion.text()).isEqualTo("abc");
      assertThat(model.holdsNothing()).isTrue();
      assertThat(model.steps).hasValue(3);
    }
  }

  @Test
  void generate_callbackStopsAtTheLastToken_keepsItsReason() {
    try (Generator generator = new Generator(ScriptedModel.saying("ab"), new TestTokenizer())) {
      Completion completion = generator.generate(request().maxTokens(1).build(), token -> false);

      assertThat(completion.finishReason()).isEqualTo(FinishReason.LENGTH);
    }
  }

  @Test
  void generate_callbackThrows_passesItOnAndReturnsTheBlocks() {
    ScriptedModel model = ScriptedModel.saying("ab");
    try (Generator generator = new Generator(model, new TestTokenizer())) {
      assertThatThrownBy(
              () ->
                  generator.generate(
                      GenerationRequest.of("p"),
                      token -> {
                        throw new UnsupportedOperationException("no");
                      }))
          .isInstanceOf(UnsupportedOperationException.class);
    }
    assertThat(model.holdsNothing()).isTrue();
  }

  @Test
  void generate_nanLogits_failsNamingTheStepAndReturnsTheBlocks() {
    ScriptedModel model = ScriptedModel.saying("abc");
    model.nanAtStep = 2;
    try (Generator generator = new Generator(model, new TestTokenizer())) {
      assertThatThrownBy(() -> generator.generate(GenerationRequest.of("p")))
          .isInstanceOf(LogitsException.class)
          .hasMessageStartingWith("sample: expected finite logits in step 2, got NaN for token 3");
    }
    assertThat(model.holdsNothing()).isTrue();
  }

  @Test
  void generate_topLogprobs_areTheModelsOwn() {
    List<StreamToken> tokens = new ArrayList<>();
    GenerationRequest request =
        request()
            .sampling(SamplingOptions.builder().temperature(0).repetitionPenalty(100).build())
            .topLogprobs(3)
            .maxTokens(1)
            .build();
    try (Generator generator =
        new Generator(ScriptedModel.saying("p"), new TestTokenizer(pieces()))) {
      generator.generate(request, tokens::add);
    }

    StreamToken token = tokens.getFirst();
    assertThat(token.id()).isNotEqualTo((int) 'p'); // penalised: it is in the prompt
    assertThat(token.alternatives()).hasSize(3);
    assertThat(token.alternatives().getFirst().id()).isEqualTo((int) 'p');
    assertThat(token.alternatives().getFirst().text()).isEqualTo("p");
    assertThat(token.alternatives().getFirst().logit()).isEqualTo(9f);
    assertThat(token.alternatives().get(1).logProbability()).isEqualTo(token.logProbability());
    double rest = 0;
    for (int i = 0; i < 400; i++) {
      rest += i == 'p' ? 0 : Math.exp((i * 7 % 13) / 13f - 9.0);
    }
    assertThat(token.alternatives().getFirst().probability())
        .isCloseTo(1 / (1 + rest), within(1e-5));
    assertThat(token.probability()).isCloseTo(Math.exp(token.logProbability()), within(1e-12));
  }

  @Test
  void generate_sampling_repeatsWithTheSeedOfTheCompletion() {
    SamplingOptions hot = SamplingOptions.builder().temperature(50).build();
    Completion first = generate(ScriptedModel.saying("p"), request().sampling(hot).maxTokens(20));
    Completion again =
        generate(
            ScriptedModel.saying("p"), request().sampling(hot).seed(first.seed()).maxTokens(20));

    assertThat(again.tokenIds()).isEqualTo(first.tokenIds());
  }

  @Test
  void generate_timing_isConsistent() {
    List<StreamToken> tokens = new ArrayList<>();
    try (Generator generator = new Generator(ScriptedModel.saying("ab"), new TestTokenizer())) {
      Completion completion = generator.generate(request().maxTokens(5).build(), tokens::add);

      Timing timing = completion.timing();
      assertThat(timing.timeToFirstToken().toNanos()).isEqualTo(tokens.getFirst().elapsedNanos());
      assertThat(timing.total().toNanos()).isEqualTo(tokens.getLast().elapsedNanos());
      assertThat(timing.tokensPerSecond())
          .isEqualTo(4e9 / timing.total().minus(timing.timeToFirstToken()).toNanos());
    }
    assertThat(tokens).extracting(StreamToken::elapsedNanos).isSorted();
  }

  @Test
  void request_outOfRange_namesTheSetting() {
    assertThatThrownBy(() -> request().maxTokens(0).build())
        .hasMessage("max_tokens: expected at least 1, got 0");
    assertThatThrownBy(() -> request().stop("").build())
        .hasMessage("stop: expected texts that are not empty, got ''");
    assertThatThrownBy(() -> request().topLogprobs(-1).build())
        .hasMessage("top_logprobs: expected 0 to 1000, got -1");
  }

  @Test
  void generate_closedGenerator_isRefused() {
    Generator generator = new Generator(ScriptedModel.saying("a"), new TestTokenizer());
    generator.close();
    generator.close();

    assertThatThrownBy(() -> generator.generate(GenerationRequest.of("p")))
        .isInstanceOf(IllegalStateException.class)
        .hasMessage("generator: expected an open generator, got a closed one");
  }

  @Test
  void close_fromTheCallback_cancels() {
    ScriptedModel model = ScriptedModel.saying("a");
    Generator generator = new Generator(model, new TestTokenizer());

    Completion completion =
        generator.generate(
            GenerationRequest.of("p"),
            token -> {
              generator.close();
              return true;
            });

    assertThat(completion.finishReason()).isEqualTo(FinishReason.CANCELLED);
    assertThat(completion.usage().completionTokens()).isEqualTo(1);
    assertThat(model.holdsNothing()).isTrue();
  }

  private static String[] pieces() {
    String[] pieces = new String[400 - TestTokenizer.FIRST_PIECE];
    java.util.Arrays.setAll(pieces, i -> "piece" + i);
    return pieces;
  }

  private static GenerationRequest.Builder request() {
    return GenerationRequest.builder("p");
  }

  private static Completion generate(ScriptedModel model, GenerationRequest.Builder request) {
    try (Generator generator = new Generator(model, new TestTokenizer(pieces()))) {
      Completion completion = generator.generate(request.build());
      assertThat(model.holdsNothing()).isTrue();
      return completion;
    }
  }
}
