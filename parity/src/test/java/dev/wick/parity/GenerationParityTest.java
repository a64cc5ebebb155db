package dev.wick.parity;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.wick.engine.model.LanguageModel;
import dev.wick.streaming.Completion;
import dev.wick.streaming.FinishReason;
import dev.wick.streaming.GenerationRequest;
import dev.wick.streaming.Generator;
import dev.wick.streaming.GeneratorOptions;
import dev.wick.streaming.Prompt;
import dev.wick.streaming.Speculation;
import dev.wick.streaming.sampling.SamplingOptions;
import dev.wick.tokenizers.HuggingFaceTokenizer;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/** Stopping and penalties of whole generations against {@code generate} of transformers. */
class GenerationParityTest {
  private final LoadedModels loaded = new LoadedModels();

  @TestFactory
  List<DynamicTest> generations() {
    CaseCount cases = new CaseCount("generation");
    int inManifest = 0;
    for (String device : Devices.wanted()) {
      for (GoldenModel golden : GoldenModel.all()) {
        String name = device + " " + golden.name();
        JsonNode facts = golden.facts();
        for (JsonNode prompt : facts.get("prompts")) {
          if (prompt.has("stop_case")) {
            inManifest++;
            cases.add(
                device,
                golden,
                "%s %s stop".formatted(name, prompt.get("name").asText()),
                () -> stop(device, golden, prompt));
          }
        }
        inManifest++;
        cases.add(
            device,
            golden,
            name + " penalised",
            () -> penalised(device, golden, facts.get("penalised_greedy")));
      }
    }
    return cases.tests(inManifest);
  }

  @AfterEach
  void close() {
    loaded.close();
  }

  private void stop(String device, GoldenModel golden, JsonNode prompt) throws IOException {
    JsonNode stop = prompt.get("stop_case");
    int[] expected = TokenizerParityTest.ints(stop.get("expected_new_ids"));
    GenerationRequest request =
        GenerationRequest.builder(prompt(golden, prompt.get("name").asText()))
            .stopTokenIds(stop.get("eos_token_id").asInt())
            .maxTokens(expected.length + 8)
            .build();

    Completion completion = generate(device, golden, request);

    assertThat(completion.tokenIds()).isEqualTo(Arrays.stream(expected).boxed().toList());
    assertThat(completion.finishReason()).isEqualTo(FinishReason.STOP);
  }

  private void penalised(String device, GoldenModel golden, JsonNode facts) throws IOException {
    int[] expected = TokenizerParityTest.ints(facts.get("expected_new_ids"));
    GenerationRequest request =
        GenerationRequest.builder(prompt(golden, facts.get("prompt").asText()))
            .sampling(
                SamplingOptions.builder()
                    .temperature(0)
                    .repetitionPenalty(facts.get("repetition_penalty").asDouble())
                    .noRepeatNgramSize(facts.get("no_repeat_ngram_size").asInt())
                    .build())
            .ignoreEndOfSequence(true)
            .maxTokens(expected.length)
            .build();

    Completion completion = generate(device, golden, request);

    assertThat(completion.tokenIds()).isEqualTo(Arrays.stream(expected).boxed().toList());
  }

  private static Prompt prompt(GoldenModel golden, String name) {
    try (GoldenTensors expected = golden.expected()) {
      return Prompt.of(expected.ints(name + ".input_ids"));
    }
  }

  private Completion generate(String device, GoldenModel golden, GenerationRequest request)
      throws IOException {
    LanguageModel model = loaded.get(device, golden);
    try (HuggingFaceTokenizer tokenizer = HuggingFaceTokenizer.load(golden.folder());
        Generator generator = new Generator(model, tokenizer)) {
      Completion completion = generator.generate(request);
      Completion again = generator.generate(request); // on what the first one left in the cache
      assertThat(again.tokenIds()).isEqualTo(completion.tokenIds());
      for (Speculation speculation :
          List.of(Speculation.promptLookup(3), Speculation.draftModel(model, 4))) {
        try (Generator guessing =
            new Generator(
                model, tokenizer, GeneratorOptions.DEFAULT.withSpeculation(speculation))) {
          assertThat(guessing.generate(request).tokenIds()).isEqualTo(completion.tokenIds());
        }
      }
      assertThat(model.kvPool().freeBlocks()).isEqualTo(model.kvPool().blocks());
      return completion;
    }
  }
}
