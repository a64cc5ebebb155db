package dev.wick.cli;

import static dev.wick.cli.Invocation.MODEL;
import static dev.wick.cli.Invocation.golden;
import static dev.wick.cli.Invocation.wick;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class QuantizeCommandTest {
  @TempDir Path folder;

  private String quantized(String type) {
    String out = folder.resolve(type + ".gguf").toString();
    Invocation invocation = wick("quantize", "-m", MODEL, "-t", type, "-o", out);
    assertThat(invocation.code()).as(invocation.err()).isZero();
    assertThat(invocation.err()).contains("wrote " + out).contains("bits per weight");
    return out;
  }

  @Test
  void quantize_toF32_generatesWhatTheFolderGenerates() {
    String file = quantized("f32");
    String[] rest = {"--prompt", "Once upon a time", "--greedy", "--max-tokens", "12"};

    Invocation ofFolder = wick(join("generate", "-m", MODEL, rest));
    Invocation ofFile = wick(join("generate", "-m", file, rest));

    assertThat(ofFile.code()).as(ofFile.err()).isZero();
    assertThat(ofFile.out()).isNotEmpty().isEqualTo(ofFolder.out());
  }

  @Test
  void quantize_toQ8_isShownByInspect() throws IOException {
    String file = quantized("q8_0");

    Invocation text = wick("inspect", "-m", file);
    JsonNode json = new ObjectMapper().readTree(wick("inspect", "-m", file, "--json").out());

    assertThat(text.code()).as(text.err()).isZero();
    assertThat(text.out())
        .containsPattern("model_type +qwen3")
        .containsPattern("tokenizer +yes")
        .containsPattern("chat template +yes")
        .containsPattern("token_embd\\.weight +Q8_0 +\\[336, 64\\]");
    assertThat(json.get("dtypes").has("Q8_0")).isTrue();
    assertThat(json.get("files").get(0).get("metadata").get("tokenizer.ggml.tokens").asText())
        .isEqualTo("336 values");
  }

  @Test
  void quantize_tokenizerOfTheFile_isThatOfTheFolder() {
    String file = quantized("q4_0");
    String text = "<|im_start|>user\nDon't panic, 42 naïve cafés!\n<|im_end|>";

    assertThat(wick("tokenize", "-m", file, "--text", text).out())
        .isNotEmpty()
        .isEqualTo(wick("tokenize", "-m", MODEL, "--text", text).out());
  }

  @Test
  void quantize_widthOfNoWholeBlocks_saysSoOnce() {
    String out = folder.resolve("out.gguf").toString();

    Invocation invocation = wick("quantize", "-m", MODEL, "-t", "q4_k", "-o", out);

    assertThat(invocation.code()).as(invocation.err()).isZero();
    assertThat(invocation.err())
        .containsOnlyOnce(
            "have rows that are no multiple of the block of Q4_K (256) and Q6_K (256), and are kept"
                + " in");
  }

  @Test
  void quantize_mistakes_areExplained() {
    String out = folder.resolve("out.gguf").toString();

    Invocation type = wick("quantize", "-m", MODEL, "-t", "q9", "-o", out);
    Invocation name = wick("quantize", "-m", MODEL, "-t", "q8_0", "-o", folder + "/out.bin");
    Invocation gguf =
        wick("quantize", "-m", golden("gguf/qwen3-q8_0.gguf").toString(), "-t", "q4_0", "-o", out);

    assertThat(type.code()).isEqualTo(2);
    assertThat(type.err()).contains("--type: quantize: expected one of f32, f16").contains("'q9'");
    assertThat(name.code()).isEqualTo(2);
    assertThat(name.err()).contains("--out: expected a name that ends in .gguf");
    assertThat(gguf.code()).isEqualTo(1);
    assertThat(gguf.err()).contains("expected a model folder to quantize, got a GGUF file");
  }

  @Test
  void quantize_keysThatAreNull_countAsAbsent() throws IOException {
    Path model = Invocation.copyOfModel(Files.createDirectory(folder.resolve("model")));
    Path config = model.resolve("config.json");
    ObjectNode fields = (ObjectNode) new ObjectMapper().readTree(config.toFile());
    new ObjectMapper().writeValue(config.toFile(), fields.putNull("max_position_embeddings"));

    Invocation invocation =
        wick(
            "quantize",
            "-m",
            model.toString(),
            "-t",
            "q8_0",
            "-o",
            folder.resolve("out.gguf").toString());

    assertThat(invocation.code()).as(invocation.err()).isZero();
  }

  @Test
  void ggufFile_damaged_isNamed() {
    String file = golden("bad-input/gguf/model-cut-30.gguf").toString();

    Invocation invocation = wick("generate", "-m", file, "--prompt", "x");

    assertThat(invocation.code()).isEqualTo(1);
    assertThat(invocation.err()).contains(file).contains("cut short").doesNotContain("\tat ");
  }

  private static String[] join(String a, String b, String c, String... rest) {
    String[] all = new String[3 + rest.length];
    all[0] = a;
    all[1] = b;
    all[2] = c;
    System.arraycopy(rest, 0, all, 3, rest.length);
    return all;
  }
}
