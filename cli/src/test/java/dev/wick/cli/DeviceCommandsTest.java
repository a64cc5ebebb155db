package dev.wick.cli;

import static dev.wick.cli.Invocation.MODEL;
import static dev.wick.cli.Invocation.TINY;
import static dev.wick.cli.Invocation.wick;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.wick.engine.BackendReport;
import dev.wick.engine.Engine;
import java.io.IOException;
import java.util.Arrays;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** {@code devices}, {@code doctor} and {@code bench}. */
class DeviceCommandsTest {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String HEADS_OF_16 = Invocation.model("qwen3-bf16").toString();

  @Test
  void devices_always_listEveryBackend() {
    Invocation invocation = wick("devices");

    assertThat(invocation.code()).isZero();
    assertThat(Engine.probe()).isNotEmpty();
    for (BackendReport report : Engine.probe()) {
      assertThat(invocation.out()).contains(report.backend());
    }
  }

  @Test
  void devices_json_hasDevicesOrReasonAndRemedy() throws IOException {
    for (JsonNode backend : JSON.readTree(wick("devices", "--json").out())) {
      assertThat(backend.get("devices").isEmpty())
          .isEqualTo(backend.has("reason") && backend.has("remedy"));
    }
  }

  @Test
  void doctor_model_showsFallbacksPerOperation() throws IOException {
    Invocation invocation = wick("doctor", "-m", MODEL, "--json");

    assertThat(invocation.code()).as(invocation.err()).isZero();
    JsonNode json = JSON.readTree(invocation.out());
    assertThat(json.get("device").asText()).contains(":");
    assertThat(json.has("fallbacks")).isTrue();
    assertThat(json.get("logits").asText()).isEqualTo("finite");
  }

  @Test
  void bench_tinyModel_reportsEveryNumber() throws IOException {
    Invocation invocation =
        wick("bench", "-m", MODEL, "-p", "40", "-n", "4", "-r", "2", "--warm-up", "0", "--json");

    assertThat(invocation.code()).as(invocation.err()).isZero();
    JsonNode json = JSON.readTree(invocation.out());
    for (String rate :
        new String[] {
          "prefill_tokens_per_second",
          "decode_tokens_per_second",
          "prefill_limit_tokens_per_second",
          "prefill_share_of_limit",
          "decode_limit_tokens_per_second",
          "decode_share_of_limit",
          "first_token_seconds_from_load",
          "first_token_seconds_from_jvm_start"
        }) {
      assertThat(json.get(rate).asDouble()).as(rate).isPositive();
    }
    assertThat(json.get("heap_bytes_per_decoded_token").asDouble()).isNotNegative();
    assertThat(json.get("decode_seconds")).hasSize(2);
    assertThat(json.get("dtype").asText()).isEqualTo("F32");
    assertThat(json.get("kv_cache").asText()).isEqualTo("f32");
  }

  @Test
  void bench_packedCache_saysTypeAndSize() throws IOException {
    String[] args = {"bench", "-m", TINY, "-p", "20", "-n", "4", "-r", "1", "--warm-up", "0"};
    Invocation shown = wick(with(args, "--kv-cache", "Q8_0"));
    Invocation packed = wick(with(args, "--kv-cache", "q8_0", "--json"));

    assertThat(packed.code()).as(packed.err()).isZero();
    assertThat(shown.out()).containsPattern("key-value cache +26.1 KB in q8_0 for 24 tokens");
    JsonNode json = JSON.readTree(packed.out());
    assertThat(json.get("kv_cache").asText()).isEqualTo("q8_0");
    // 6 layers of keys and values of 2 heads of 34 bytes, for a block of 32 tokens.
    assertThat(json.get("kv_cache_bytes").asLong()).isEqualTo(6 * 2 * 2 * 34 * 32L);
    assertThat(json.get("fallbacks").isEmpty()).isTrue();
  }

  private static String[] with(String[] args, String... more) {
    return Stream.concat(Arrays.stream(args), Arrays.stream(more)).toArray(String[]::new);
  }

  @Test
  void bench_cacheThatDoesNotFit_saysWhy() {
    Invocation type = wick("bench", "-m", TINY, "--kv-cache", "q4_0");
    Invocation heads = wick("bench", "-m", HEADS_OF_16, "--kv-cache", "q8_0");

    assertThat(type.code()).isEqualTo(2);
    assertThat(type.err()).contains("--kv-cache: expected f32 or q8_0, got 'q4_0'");
    assertThat(heads.code()).isEqualTo(1);
    assertThat(heads.err())
        .contains("kv cache: expected keys and values of a multiple of 32 for Q8_0, got 16 and 16")
        .contains("keep this model's cache in F32");
  }

  @Test
  void bench_promptBeyondContext_saysHowLong() {
    Invocation invocation = wick("bench", "-m", MODEL, "-p", "512", "-n", "64");

    assertThat(invocation.code()).isEqualTo(1);
    assertThat(invocation.err()).contains("to fit the context of 512, got 512 and 64");
  }

  @Test
  void bench_unknownShape_listsShapes() {
    Invocation invocation = wick("bench", "--synthetic", "gpt-5");

    assertThat(invocation.code()).isEqualTo(2);
    assertThat(invocation.err())
        .contains("--synthetic: expected one of qwen2.5-0.5b")
        .contains("got 'gpt-5'");
  }

  @Test
  void bench_unknownType_isAUsageError() {
    Invocation invocation = wick("bench", "--synthetic", "qwen3-0.6b", "--dtype", "int3");

    assertThat(invocation.code()).isEqualTo(2);
    assertThat(invocation.err()).contains("--dtype: expected bf16, f16 or f32, got 'int3'");
  }

  @Test
  void bench_withoutModel_isAUsageError() {
    Invocation invocation = wick("bench");

    assertThat(invocation.code()).isEqualTo(2);
    assertThat(invocation.err()).contains("expected one of --model and --synthetic, got none");
  }
}
