package dev.wick.parity;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.wick.streaming.sampling.Candidates;
import dev.wick.streaming.sampling.Sampler;
import dev.wick.streaming.sampling.SamplingOptions;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/** Kept tokens and their probabilities after the logits processors, against transformers. */
class SamplingParityTest {
  private static final float TOLERANCE = 1e-5f;

  /** Where the kept set changes under rounding noise, only the large probabilities compare. */
  private static final float FRAGILE_TOLERANCE = 1e-2f;

  private final Path folder = Goldens.folder().resolve("sampling");

  @TestFactory
  List<DynamicTest> sampling() {
    JsonNode cases = Goldens.json(folder.resolve("cases.json")).get("cases");
    CaseCount count = new CaseCount("sampling");
    for (JsonNode golden : cases) {
      count.add(
          "%s %s %s"
              .formatted(golden.get("id"), golden.get("logits").asText(), golden.get("params")),
          () -> check(golden));
    }
    return count.tests(cases.size());
  }

  private void check(JsonNode golden) {
    String id = golden.get("id").asText();
    try (GoldenTensors logits = GoldenTensors.open(folder.resolve("logits.safetensors"));
        GoldenTensors expected = GoldenTensors.open(folder.resolve("expected.safetensors"))) {
      float[] scores = logits.floats(golden.get("logits").asText());
      Sampler sampler = new Sampler(options(golden), scores.length);
      sampler.begin(new int[0]);
      golden.get("history").forEach(token -> sampler.accept(token.asInt()));

      Candidates candidates = sampler.process(scores, 0);

      Map<Integer, Float> kept = new HashMap<>();
      for (int i = 0; i < candidates.size(); i++) {
        if (candidates.score(i) > Float.NEGATIVE_INFINITY) {
          kept.put(candidates.id(i), candidates.probability(i));
        }
      }
      if (golden.path("fragile").asBoolean()) {
        compare(kept, expected, id, FRAGILE_TOLERANCE);
        return;
      }
      assertThat(kept).hasSize(golden.get("kept_count").asInt());
      if (expected.has(id + ".kept")) {
        assertThat(kept.keySet().stream().sorted().mapToInt(i -> i).toArray())
            .isEqualTo(Arrays.stream(expected.ints(id + ".kept")).sorted().toArray());
      }
      compare(kept, expected, id, TOLERANCE);
    }
  }

  private static void compare(
      Map<Integer, Float> kept, GoldenTensors expected, String id, float tolerance) {
    boolean whole = expected.has(id + ".kept");
    int[] ids = expected.ints(id + (whole ? ".kept" : ".top_ids"));
    float[] probabilities = expected.floats(id + (whole ? ".probs" : ".top_probs"));
    float worst = 0;
    for (int i = 0; i < ids.length; i++) {
      worst = Math.max(worst, Math.abs(kept.getOrDefault(ids[i], 0f) - probabilities[i]));
    }
    assertThat(worst).as("largest difference of a probability").isLessThanOrEqualTo(tolerance);
    if (!whole) {
      List<Float> largest =
          kept.values().stream().sorted(Comparator.reverseOrder()).limit(ids.length).toList();
      IntStream.range(0, largest.size())
          .forEach(
              i ->
                  assertThat(Math.abs(largest.get(i) - probabilities[i]))
                      .isLessThanOrEqualTo(tolerance));
    }
  }

  private static SamplingOptions options(JsonNode golden) {
    SamplingOptions.Builder builder = SamplingOptions.builder();
    golden
        .get("params")
        .properties()
        .forEach(
            parameter -> {
              double value = parameter.getValue().asDouble();
              switch (parameter.getKey()) {
                case "temperature" -> builder.temperature(value);
                case "top_k" -> builder.topK((int) value);
                case "top_p" -> builder.topP(value);
                case "min_p" -> builder.minP(value);
                case "typical_p" -> builder.typicalP(value);
                case "repetition_penalty" -> builder.repetitionPenalty(value);
                case "no_repeat_ngram_size" -> builder.noRepeatNgramSize((int) value);
                default ->
                    throw new IllegalStateException("sampling: unknown " + parameter.getKey());
              }
            });
    builder.presencePenalty(golden.path("presence_penalty").asDouble(0));
    builder.frequencyPenalty(golden.path("frequency_penalty").asDouble(0));
    return builder.build();
  }
}
