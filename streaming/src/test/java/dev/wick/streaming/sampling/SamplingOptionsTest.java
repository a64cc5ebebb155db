package dev.wick.streaming.sampling;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SamplingOptionsTest {
  @Test
  void from_qwenGenerationConfig_readsItsValues() {
    Map<String, Object> config =
        Map.of(
            "do_sample",
            true,
            "temperature",
            0.7,
            "top_k",
            20,
            "top_p",
            0.8,
            "repetition_penalty",
            1.05,
            "eos_token_id",
            List.of(1, 2));

    assertThat(SamplingOptions.from(config))
        .isEqualTo(
            SamplingOptions.builder()
                .temperature(0.7)
                .topK(20)
                .topP(0.8)
                .repetitionPenalty(1.05)
                .build());
  }

  @Test
  void from_noFile_isGreedy() {
    assertThat(SamplingOptions.from(Map.of())).isEqualTo(SamplingOptions.greedy());
  }

  @Test
  void from_samplingWithoutTopK_takesTheDefaultOfTransformers() {
    assertThat(SamplingOptions.from(Map.of("do_sample", true)))
        .isEqualTo(SamplingOptions.builder().topK(50).build());
  }

  @Test
  void from_wrongType_namesKeyAndValue() {
    assertThatThrownBy(() -> SamplingOptions.from(Map.of("top_p", "0.9")))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("generation_config.json: expected a number for 'top_p', got 0.9");
    assertThatThrownBy(() -> SamplingOptions.from(Map.of("top_k", 1.5)))
        .hasMessage("generation_config.json: expected an integer for 'top_k', got 1.5");
    assertThatThrownBy(() -> SamplingOptions.from(Map.of("do_sample", 1)))
        .hasMessage("generation_config.json: expected true or false for 'do_sample', got 1");
  }

  @Test
  void processors_everythingOn_standInTheOrderOfHuggingFace() {
    SamplingOptions options =
        SamplingOptions.builder()
            .logitBias(Map.of(1, 2f))
            .presencePenalty(1)
            .repetitionPenalty(2)
            .noRepeatNgramSize(3)
            .temperature(0.5)
            .topK(4)
            .topP(0.6)
            .minP(0.1)
            .typicalP(0.8)
            .minTokensToKeep(2)
            .build();

    assertThat(options.processors())
        .containsExactly(
            new LogitBias(Map.of(1, 2f)),
            new PresenceFrequencyPenalty(1, 0),
            new RepetitionPenalty(2),
            new NoRepeatNgram(3),
            new Temperature(0.5),
            new TopK(4, 2),
            new TopP(0.6, 2),
            new MinP(0.1, 2),
            new TypicalP(0.8, 2));
    assertThat(options.toBuilder().build()).isEqualTo(options);
    assertThat(options.toBuilder().temperature(0).build().processors()).hasSize(4);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "temperature | -1 | temperature: expected a finite number of at least 0, got -1.0",
        "temperature | NaN | temperature: expected a finite number of at least 0, got NaN",
        "top_p | 1.1 | top_p: expected a number from 0 to 1, got 1.1",
        "top_p | NaN | top_p: expected a number from 0 to 1, got NaN",
        "min_p | -0.1 | min_p: expected a number from 0 to 1, got -0.1",
        "typical_p | 0 | typical_p: expected a number above 0 and at most 1, got 0.0",
        "repetition_penalty | 0 | repetition_penalty: expected a finite number above 0, got 0.0",
        "top_k | -1 | top_k: expected at least 0 (0 is off), got -1",
        "no_repeat_ngram_size | -2 | no_repeat_ngram_size: expected at least 0 (0 is off), got -2",
        "presence_penalty | Infinity | presence_penalty: expected a finite number, got Infinity",
      })
  void from_outOfRange_namesOptionAndValue(String key, double value, String message) {
    assertThatThrownBy(() -> SamplingOptions.from(Map.of("do_sample", true, key, value)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage(message);
  }
}
