package dev.wick.cli;

import static dev.wick.cli.Invocation.MODEL;
import static dev.wick.cli.Invocation.wick;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TrainCommandTest {
  @TempDir private Path folder;
  private Path data = Path.of("");
  private Path out = Path.of("");

  @BeforeEach
  void writeData() throws IOException {
    data = folder.resolve("train.jsonl");
    out = folder.resolve("out");
    List<String> lines =
        IntStream.range(0, 12)
            .mapToObj(
                i ->
                    switch (i % 3) {
                      case 0 ->
                          "{\"messages\":[{\"role\":\"user\",\"content\":\"Say %d\"},".formatted(i)
                              + "{\"role\":\"assistant\",\"content\":\"It is %d.\"}]}".formatted(i);
                      case 1 -> "{\"prompt\":\"Say %d: \",\"completion\":\"yes\"}".formatted(i);
                      default -> "{\"text\":\"The number %d is a number.\"}".formatted(i);
                    })
            .toList();
    Files.write(data, lines);
  }

  private Invocation train(String... more) {
    List<String> start =
        List.of(
            "train", "-m", MODEL, "--data", data.toString(), "--out", out.toString(), "-d", "cpu");
    return wick(Stream.concat(start.stream(), Arrays.stream(more)).toArray(String[]::new));
  }

  @Test
  void train_allKindsOfRecords_writesAnAdapterThatGenerateTakes() {
    Invocation trained = train("--steps", "4", "--validation", "0.25", "--rank", "2");

    assertThat(trained.code()).as(trained.err()).isZero();
    assertThat(trained.err()).contains("9 records").contains("3 for validation");
    assertThat(trained.err()).contains("step 4/4 loss").contains("tok/s").contains("left");
    assertThat(trained.out()).startsWith("done: 4 steps, loss ").contains("validation loss");
    assertThat(out)
        .isDirectoryContaining("glob:**adapter_model.safetensors")
        .isDirectoryContaining("glob:**adapter_config.json")
        .isDirectoryContaining("glob:**.csv")
        .isDirectoryContaining("glob:**.svg");

    Invocation answer =
        wick("generate", "-m", MODEL, "-p", "Say 3", "-n", "3", "--adapter", "mine=" + out);
    assertThat(answer.code()).as(answer.err()).isZero();
  }

  @Test
  void train_fewerStepsThenResume_endsWhereTheWholeRunEnds() throws IOException {
    Path whole = out;
    train("--steps", "6", "--schedule", "constant", "--checkpoint-every", "3");
    byte[] expected = Files.readAllBytes(whole.resolve("adapter_model.safetensors"));

    out = folder.resolve("parts");
    Files.createDirectories(out);
    copy(whole.resolve("checkpoint-3"), out.resolve("checkpoint-3"));
    Invocation resumed =
        train("--steps", "6", "--schedule", "constant", "--checkpoint-every", "3", "--resume");

    assertThat(resumed.code()).as(resumed.err()).isZero();
    assertThat(out.resolve("adapter_model.safetensors")).hasBinaryContent(expected);
  }

  @Test
  void train_halfOfTheWeightsResident_givesTheAdapterOfAll() throws IOException {
    train("--steps", "2", "--resident-weights", "1");
    byte[] expected = Files.readAllBytes(out.resolve("adapter_model.safetensors"));

    out = folder.resolve("less");
    Invocation trained = train("--steps", "2");

    assertThat(trained.code()).as(trained.err()).isZero();
    assertThat(out.resolve("adapter_model.safetensors")).hasBinaryContent(expected);
  }

  @Test
  void train_noWeightsResident_isRefused() {
    Invocation failed = train("--resident-weights", "0");

    assertThat(failed.code()).isEqualTo(2);
    assertThat(failed.err()).contains("resident weights above 0").doesNotContain("\tat ");
  }

  private static void copy(Path source, Path target) throws IOException {
    Files.createDirectories(target);
    try (var files = Files.list(source)) {
      for (Path file : files.toList()) {
        Files.copy(file, target.resolve(file.getFileName()));
      }
    }
  }

  @Test
  void train_lineThatIsNotJson_namesFileAndLine() throws IOException {
    Files.writeString(data, "{\"text\": \"good\"}\n{\"text\": \n");

    Invocation failed = train();

    assertThat(failed.code()).isEqualTo(1);
    assertThat(failed.err()).contains("train.jsonl:2").doesNotContain("\tat ");
    assertThat(out).doesNotExist();
  }

  @Test
  void train_recordWithoutText_namesFileAndLine() throws IOException {
    Files.writeString(data, "{\"text\": \"good\"}\n{\"title\": \"no\"}\n");

    Invocation failed = train();

    assertThat(failed.code()).isEqualTo(1);
    assertThat(failed.err()).contains("train.jsonl:2").contains("text").doesNotContain("\tat ");
  }

  @Test
  void train_emptyDataset_isRefused() throws IOException {
    Files.writeString(data, "\n");

    Invocation failed = train();

    assertThat(failed.code()).isEqualTo(1);
    assertThat(failed.err()).contains("train.jsonl").doesNotContain("\tat ");
  }

  @Test
  void train_rankZero_isRefused() {
    Invocation failed = train("--rank", "0");

    assertThat(failed.code()).isEqualTo(2);
    assertThat(failed.err()).contains("got 0").doesNotContain("\tat ");
  }

  @Test
  void train_unknownTarget_namesWhatThereIs() {
    Invocation failed = train("--target-modules", "w_proj");

    assertThat(failed.code()).isNotZero();
    assertThat(failed.err()).contains("w_proj").contains("q_proj").doesNotContain("\tat ");
  }

  @Test
  void train_rateThatDiverges_saysWhichStep() {
    Invocation failed =
        train("--learning-rate", "1e30", "--steps", "20", "--max-gradient-norm", "0");

    assertThat(failed.code()).isEqualTo(1);
    assertThat(failed.err())
        .contains("expected a finite loss and gradient")
        .contains("in step ")
        .doesNotContain("\tat ");
  }
}
