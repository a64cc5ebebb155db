package dev.wick.cli;

import static dev.wick.cli.Invocation.MODEL;
import static dev.wick.cli.Invocation.wick;
import static dev.wick.cli.Invocation.wickWithInput;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import org.junit.jupiter.api.Test;

class TokenizeCommandTest {
  @Test
  void tokenize_idsDecoded_giveTheTextAgain() {
    String text = "Hello wörld, 世界!<|im_end|>";

    Invocation ids = wick("tokenize", "-m", MODEL, "--text", text, "--ids");
    Invocation decoded = wick("tokenize", "-m", MODEL, "--decode", ids.out().strip());
    Invocation skipped =
        wick("tokenize", "-m", MODEL, "--decode", ids.out().strip(), "--skip-special-tokens");

    assertThat(ids.code()).as(ids.err()).isZero();
    assertThat(decoded.out().strip()).isEqualTo(text);
    assertThat(skipped.out().strip()).isEqualTo("Hello wörld, 世界!");
  }

  @Test
  void tokenize_standardInput_isAsText() {
    Invocation text = wick("tokenize", "-m", MODEL, "--text", "Hello");
    Invocation input = wickWithInput("Hello\n", "tokenize", "-m", MODEL);

    assertThat(input.out()).isEqualTo(text.out()).isNotEmpty();
  }

  @Test
  void tokenize_jsonWithOffsets_coversTheText() throws IOException {
    Invocation invocation =
        wick("tokenize", "-m", MODEL, "--text", "Hello wörld", "--offsets", "--json");

    JsonNode json = new ObjectMapper().readTree(invocation.out());
    JsonNode offsets = json.get("offsets");
    assertThat(json.get("ids")).hasSameSizeAs(json.get("tokens")).hasSameSizeAs(offsets);
    assertThat(offsets.get(0).get(0).asInt()).isZero();
    assertThat(offsets.get(offsets.size() - 1).get(1).asInt()).isEqualTo("Hello wörld".length());
  }

  @Test
  void tokenize_decodeUnknownId_isAUsageError() {
    Invocation invocation = wick("tokenize", "-m", MODEL, "--decode", "5,99999");

    assertThat(invocation.code()).isEqualTo(2);
    assertThat(invocation.err())
        .contains("--decode: expected ids of the vocabulary")
        .contains("99999");
  }

  @Test
  void tokenize_folderWithoutTokenizer_saysSo() {
    String folder = Invocation.golden("bad-input/configs/ok").toString();

    Invocation invocation = wick("tokenize", "-m", folder, "--text", "x");

    assertThat(invocation.code()).isEqualTo(1);
    assertThat(invocation.err()).contains("expected a folder with tokenizer.json, got " + folder);
  }
}
