package dev.wick.lora.peft;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.wick.formats.JsonFile;
import dev.wick.formats.file.FormatException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PeftConfigTest {
  @TempDir private Path folder;

  @Test
  void read_defaults_areThoseOfPeft() throws IOException {
    PeftConfig config = read("{\"peft_type\": \"LORA\"}");

    assertThat(config.r()).isEqualTo(8);
    assertThat(config.loraAlpha()).isEqualTo(8);
    assertThat(config.bias()).isEqualTo(PeftConfig.Bias.NONE);
    assertThat(config.targetModules()).isEmpty();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "{} | peft_type: expected LORA",
        "{\"peft_type\": \"IA3\"} | peft_type: expected LORA, the only method that is supported, got 'IA3'",
        "{\"peft_type\": \"LORA\", \"r\": 0} | r: expected at least 1, got 0",
        "{\"peft_type\": \"LORA\", \"r\": 2.5} | r: expected an integer, got 2.5",
        "{\"peft_type\": \"LORA\", \"r\": 99999999999} | r: expected an integer",
        "{\"peft_type\": \"LORA\", \"lora_alpha\": NaN} | lora_alpha: expected a finite number, got NaN",
        "{\"peft_type\": \"LORA\", \"use_dora\": 1} | use_dora: expected true or false, got 1",
        "{\"peft_type\": \"LORA\", \"bias\": \"some\"} | bias: expected none, all or lora_only",
        "{\"peft_type\": \"LORA\", \"target_modules\": [1]} | target_modules: expected a list of names",
        "{\"peft_type\": \"LORA\", \"target_modules\": \"([\"} | expected a regular expression, got '(['",
        "{\"peft_type\": \"LORA\", \"rank_pattern\": {\"q\": -1}} | rank_pattern: expected ranks of at least 1",
        "{\"peft_type\": \"LORA\", \"rank_pattern\": {\"(\": 1}} | expected a regular expression",
        "{\"peft_type\": \"LORA\", \"layers_pattern\": \"h\"} | layers_pattern: expected none without",
        "{\"peft_type\": \"LORA\", \"use_dora\": true, \"lora_bias\": true} | lora_bias: expected false with use_dora",
        "{\"peft_type\": \"LORA\", \"layer_replication\": [[0, 2]]} | layer_replication: expected null",
        "{\"peft_type\": \"LORA\", \"alora_invocation_tokens\": [1]} | alora_invocation_tokens: expected null",
        "{\"peft_type\": \"LORA\", \"use_qalora\": true} | use_qalora: expected null, got true",
        "{\"peft_type\": \"LORA\", \"init_lora_weights\": \"pissa_niter_4\"} | init_lora_weights: expected an adapter for the unchanged base",
      })
  void read_whatIsWrong_namesFileAndKey(String content, String message) {
    assertThatThrownBy(() -> read(content))
        .isInstanceOf(FormatException.class)
        .hasMessageStartingWith(folder.resolve(PeftConfig.FILE_NAME).toString())
        .hasMessageContaining(message);
  }

  @Test
  void write_afterRead_keepsUnknownKeysAndSpelling() throws IOException {
    PeftConfig config =
        read(
            """
            {"peft_type": "LORA", "r": 4, "lora_alpha": 8.0, "layers_to_transform": 3,
             "target_modules": ["q"], "target_parameters": [], "future": {"x": [1, 2.5, "ü"]}}
            """);
    Path again = folder.resolve("again.json");

    config.write(again);

    Map<String, Object> written = JsonFile.readObject(again);
    assertThat(written)
        .containsEntry("lora_alpha", 8.0)
        .containsEntry("layers_to_transform", 3)
        .containsEntry("target_parameters", List.of())
        .containsEntry("future", Map.of("x", List.of(1, 2.5, "ü")));
    assertThat(Files.readString(again))
        .startsWith("{\n  \"alora_invocation_tokens\": null,\n  \"alpha_pattern\": {},\n")
        .contains("\\u00")
        .endsWith("}");
    assertThat(PeftConfig.read(again).layersToTransform()).containsExactly(3);
  }

  @Test
  void write_changedConfiguration_writesTheChange() throws IOException {
    PeftConfig config = read("{\"peft_type\": \"LORA\", \"r\": 4}").toBuilder().r(6).build();
    Path again = folder.resolve("again.json");

    config.write(again);

    assertThat(PeftConfig.read(again).r()).isEqualTo(6);
  }

  @Test
  void selects_expressionThatNeverEnds_isRefusedSoon() throws IOException {
    PeftConfig config = read("{\"peft_type\": \"LORA\", \"target_modules\": \"(.*)*(.*)*x\"}");

    assertThatThrownBy(
            () -> {
              TargetRules rules = new TargetRules(config);
              rules.targets("model.layers.10.self_attn.".repeat(20) + "q_proj");
            })
        .hasMessageContaining("it takes too long");
  }

  private PeftConfig read(String content) throws IOException {
    Path file = folder.resolve(PeftConfig.FILE_NAME);
    Files.writeString(file, content);
    return PeftConfig.read(file);
  }
}
