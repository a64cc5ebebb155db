package dev.wick.cli;

import static dev.wick.cli.Invocation.MODEL;
import static dev.wick.cli.Invocation.golden;
import static dev.wick.cli.Invocation.model;
import static dev.wick.cli.Invocation.wick;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

class InspectCommandTest {
  @Test
  void inspect_folder_showsConfigTensorsAndTotals() {
    Invocation invocation = wick("inspect", "-m", MODEL);

    assertThat(invocation.code()).as(invocation.err()).isZero();
    assertThat(invocation.out())
        .containsPattern("model_type +qwen3")
        .containsPattern("tokenizer +yes")
        .containsPattern("chat template +yes")
        .containsPattern("model\\.embed_tokens\\.weight +F32 +\\[336, 64\\] +86\\.0 KB")
        .containsPattern("all +35 tensors +178,816 parameters");
  }

  @Test
  void inspect_shardedJson_addsUp() throws IOException {
    Path folder = model("qwen3-sharded");

    JsonNode json =
        new ObjectMapper().readTree(wick("inspect", "-m", folder.toString(), "--json").out());

    long bytes = 0;
    for (JsonNode tensor : json.get("tensors")) {
      bytes += tensor.get("bytes").asLong();
    }
    assertThat(json.get("files")).hasSize(3);
    assertThat(json.get("bytes").asLong()).isEqualTo(bytes);
    assertThat(json.get("tensor_count").asInt()).isEqualTo(json.get("tensors").size());
    assertThat(json.get("config").get("model_type").asText()).isEqualTo("qwen3");
  }

  @Test
  void inspect_file_showsItsHeader() throws IOException {
    Path file = model("qwen3-tied").resolve("model.safetensors");

    Invocation invocation = wick("inspect", "-m", file.toString(), "--summary", "--json");

    JsonNode json = new ObjectMapper().readTree(invocation.out());
    assertThat(json.get("files").get(0).get("bytes").asLong()).isEqualTo(Files.size(file));
    assertThat(json.has("tensors")).isFalse();
  }

  @Test
  void inspect_modelOfUnknownType_isShown() {
    Invocation invocation = wick("inspect", "-m", model("qwen3-next").toString(), "--summary");

    assertThat(invocation.code()).as(invocation.err()).isZero();
    assertThat(invocation.out()).containsPattern("model_type +qwen3_next");
  }

  @Test
  void inspect_damagedFile_namesIt() {
    String file = golden("bad-input/safetensors/header-100mb.safetensors").toString();

    Invocation invocation = wick("inspect", "-m", file);

    assertThat(invocation.code()).isEqualTo(1);
    assertThat(invocation.err()).startsWith("wick inspect: " + file).doesNotContain("\tat ");
  }
}
