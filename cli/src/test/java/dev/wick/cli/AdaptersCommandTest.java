package dev.wick.cli;

import static dev.wick.cli.Invocation.MODEL;
import static dev.wick.cli.Invocation.golden;
import static dev.wick.cli.Invocation.wick;
import static dev.wick.cli.Invocation.wickWithInput;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The adapters are of PEFT, for the tiny model; see parity/goldens/README.md. */
class AdaptersCommandTest {
  private static final String ALL = golden("lora/r4-all").toString();
  private static final String TWO = golden("lora/pair-qwen3-tied-two").toString();

  @TempDir private Path folder;

  @Test
  void list_folder_showsEachAdapterOrWhatIsWrongWithIt() throws IOException {
    Files.createDirectories(folder.resolve("broken"));
    Files.writeString(folder.resolve("broken/adapter_config.json"), "{");

    Invocation good = wick("adapters", "list", golden("lora").toString());
    Invocation bad = wick("adapters", "list", folder.toString());

    assertThat(good.code()).as(good.err()).isZero();
    assertThat(good.out()).contains("r4-all").contains("r=4").contains("models/qwen3-tied");
    assertThat(bad.out()).contains("broken").contains("not valid JSON");
  }

  @Test
  void inspect_json_hasNormsPerLinear() throws IOException {
    Invocation invocation = wick("adapters", "inspect", ALL, "-m", MODEL, "--json");

    assertThat(invocation.code()).as(invocation.err()).isZero();
    JsonNode adapter = new ObjectMapper().readTree(invocation.out());
    assertThat(adapter.get("r").asInt()).isEqualTo(4);
    assertThat(adapter.get("linears").asInt()).isEqualTo(adapter.get("by_linear").size());
    for (JsonNode linear : adapter.get("by_linear")) {
      assertThat(linear.get("norm").asDouble()).isPositive();
    }
  }

  @Test
  void inspect_withAnotherModel_namesBothShapes() {
    String other = Invocation.model("qwen2-untied").toString();

    Invocation invocation = wick("adapters", "inspect", ALL, "-m", other);

    assertThat(invocation.code()).isEqualTo(1);
    assertThat(invocation.err()).contains("expected A [").contains("got A F32[");
  }

  @Test
  void diff_ofTwo_showsTheDistance() {
    Invocation same = wick("adapters", "diff", ALL, ALL);
    Invocation two = wick("adapters", "diff", ALL, TWO);

    assertThat(same.code()).as(same.err()).isZero();
    assertThat(same.out()).contains("1.000").doesNotContain("lora_alpha");
    assertThat(two.out()).contains("model.layers.0.self_attn.q_proj").contains("cosine");
  }

  @Test
  void logits_withAdapter_areThoseOfTheMergedModel() throws IOException {
    Path merged = folder.resolve("merged");
    Path onTop = folder.resolve("top.safetensors");
    Path inside = folder.resolve("inside.safetensors");
    Path without = folder.resolve("without.safetensors");

    Invocation merge =
        wick("adapters", "merge", "-m", MODEL, "--adapter", ALL + ":0.5", "-o", merged.toString());
    wick(
        "logits",
        "-m",
        MODEL,
        "--adapter",
        "x=" + ALL + ":0.5",
        "--tokens",
        "1,2,3",
        "-o",
        onTop + "");
    wick("logits", "-m", merged.toString(), "--tokens", "1,2,3", "-o", inside.toString());
    wick("logits", "-m", MODEL, "--tokens", "1,2,3", "-o", without.toString());

    assertThat(merge.code()).as(merge.err()).isZero();
    assertThat(LogitsFile.largestDifference(onTop, inside)).isLessThan(2e-4);
    assertThat(LogitsFile.largestDifference(onTop, without)).isGreaterThan(0.1);
  }

  @Test
  void merge_withoutModel_writesAnAdapter() throws IOException {
    Path out = folder.resolve("both");

    Invocation invocation =
        wick("adapters", "merge", "-a", ALL, "-a", TWO + ":0.5", "-o", out + "", "--method", "svd");

    assertThat(invocation.code()).as(invocation.err()).isZero();
    assertThat(wick("adapters", "inspect", out.toString(), "-m", MODEL).code()).isZero();
  }

  @Test
  void merge_intoFolderWithFiles_isRefused() throws IOException {
    Files.writeString(folder.resolve("x"), "x");

    Invocation invocation =
        wick("adapters", "merge", "-m", MODEL, "-a", ALL, "-o", folder.toString());

    assertThat(invocation.code()).isEqualTo(1);
    assertThat(invocation.err()).contains("expected an empty folder");
  }

  @Test
  void export_gguf_writesAFileAndAsksForTheModel() throws IOException {
    Path out = folder.resolve("adapter.gguf");

    Invocation without = wick("adapters", "export", ALL, "--format", "gguf", "-o", out + "");
    Invocation with =
        wick("adapters", "export", ALL, "--format", "gguf", "-o", out + "", "-m", MODEL);

    assertThat(without.code()).isEqualTo(2);
    assertThat(without.err()).contains("expected --model or --model-type");
    assertThat(with.code()).as(with.err()).isZero();
    assertThat(Files.readString(out, StandardCharsets.ISO_8859_1))
        .startsWith("GGUF")
        .contains("blk.0.attn_q.weight.lora_a");
  }

  @Test
  void generate_withAdapter_differsFromTheModelAlone() {
    Invocation alone =
        wick("generate", "-m", MODEL, "-p", "Hello", "--greedy", "-n", "8", "--json");
    Invocation with =
        wick(
            "generate",
            "-m",
            MODEL,
            "-p",
            "Hello",
            "--greedy",
            "-n",
            "8",
            "--json",
            "--adapter",
            "sql=" + ALL);

    assertThat(with.code()).as(with.err()).isZero();
    assertThat(with.out()).isNotEqualTo(alone.out());
  }

  @Test
  void chat_adapterCommand_switchesBetweenTurns() {
    String input =
        "Hello\n/reset\n/adapter off\nHello\n/reset\n/adapter sql\nHello\n/adapter nosuch\n";

    Invocation chat =
        wickWithInput(input, "chat", "-m", MODEL, "--greedy", "-n", "6", "--adapter", "sql=" + ALL);
    Invocation alone = wickWithInput("Hello\n", "chat", "-m", MODEL, "--greedy", "-n", "6");

    assertThat(chat.code()).as(chat.err()).isZero();
    assertThat(chat.err())
        .contains("adapters: [] of [sql]")
        .contains("adapters: [sql] of [sql]")
        .contains("expected one of [sql], got 'nosuch'");
    assertThat(chat.out()).contains(alone.out());
    int third = chat.out().length() - (chat.out().length() - alone.out().length()) / 2;
    assertThat(chat.out().substring(third))
        .as("the same answer with the adapter before and after")
        .isEqualTo(chat.out().substring(0, chat.out().length() - third));
  }
}
