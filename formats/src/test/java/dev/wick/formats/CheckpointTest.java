package dev.wick.formats;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.wick.formats.file.FormatException;
import dev.wick.formats.safetensors.RawFiles;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.math.BigInteger;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class CheckpointTest {
  private static final String CONFIG = "{\"model_type\":\"qwen3\"}";

  @TempDir Path folder;

  private Path write(String name, String content) throws IOException {
    return Files.writeString(folder.resolve(name), content);
  }

  private void writeWeights() throws IOException {
    RawFiles.vectors(folder.resolve("model.safetensors"), "a", "b");
  }

  @Test
  void open_singleFile_readsConfigsAndWeights() throws IOException {
    write(
        "config.json",
        """
        {"model_type": "qwen3_5", "rope_scaling": null, "vocab_size": 151936, "rms_norm_eps": 1e-06,
         "text_config": {"layer_types": ["full_attention", null], "tied": true, "x": null},
         "big": 123456789012345678901234567890, "limit": Infinity, "two": 1, "two": 2}
        """);
    write("generation_config.json", "{\"eos_token_id\": [1, 2]}");
    writeWeights();

    try (Checkpoint checkpoint = Checkpoint.open(folder)) {
      assertThat(checkpoint.modelType()).isEqualTo("qwen3_5");
      assertThat(checkpoint.location()).isEqualTo(folder.toString());
      assertThat(checkpoint.config())
          .containsExactly(
              Map.entry("model_type", "qwen3_5"),
              Map.entry("vocab_size", 151936),
              Map.entry("rms_norm_eps", 1e-6),
              Map.entry(
                  "text_config",
                  Map.of("layer_types", Arrays.asList("full_attention", null), "tied", true)),
              Map.entry("big", new BigInteger("123456789012345678901234567890")),
              Map.entry("limit", Double.POSITIVE_INFINITY),
              Map.entry("two", 2));
      assertThat(checkpoint.generationConfig()).isEqualTo(Map.of("eos_token_id", List.of(1, 2)));
      assertThat(checkpoint.weights().names()).containsExactly("a", "b");
      assertThatThrownBy(() -> checkpoint.config().remove("big"))
          .isInstanceOf(UnsupportedOperationException.class);
    }
  }

  @Test
  void open_shards_findsEachTensorInItsShard() throws IOException {
    write("config.json", CONFIG);
    shards(
        "{\"weight_map\":{\"a\":\"1.safetensors\",\"b\":\"2.safetensors\",\"c\":\"2.safetensors\"}}");

    try (Checkpoint checkpoint = Checkpoint.open(folder)) {
      SafetensorsWeights weights = (SafetensorsWeights) checkpoint.weights();
      assertThat(checkpoint.generationConfig()).isEmpty();
      assertThat(weights.names()).containsExactly("a", "b", "c");
      assertThat(weights.data("c").toArray(ValueLayout.JAVA_BYTE)).containsExactly(4, 5, 6, 7);
      assertThat(weights.headers()).hasSize(2);
      assertThat(weights.byteSize())
          .isEqualTo(
              Files.size(folder.resolve("1.safetensors"))
                  + Files.size(folder.resolve("2.safetensors")));
      assertThatThrownBy(() -> weights.data("d"))
          .isInstanceOf(FormatException.class)
          .hasMessageEndingWith("model.safetensors.index.json: there is no tensor 'd'");
    }
  }

  @Test
  void open_singleFileAndIndex_prefersTheSingleFile() throws IOException {
    write("config.json", CONFIG);
    writeWeights();
    write("model.safetensors.index.json", "{\"weight_map\":{\"x\":\"absent.safetensors\"}}");

    try (Checkpoint checkpoint = Checkpoint.open(folder)) {
      assertThat(checkpoint.weights().names()).containsExactly("a", "b");
    }
  }

  @Test
  void open_tensorInTwoShards_theIndexDecides() throws IOException {
    RawFiles.vectors(folder.resolve("1.safetensors"), "x", "a");
    RawFiles.vectors(folder.resolve("2.safetensors"), "a", "extra");
    Path index =
        write(
            "model.safetensors.index.json",
            "{\"weight_map\":{\"x\":\"1.safetensors\",\"a\":\"2.safetensors\"}}");

    try (SafetensorsWeights weights = SafetensorsWeights.open(index)) {
      assertThat(weights.data("a").get(ValueLayout.JAVA_BYTE, 0)).isZero();
      assertThat(weights.find("extra")).isPresent();
    }
  }

  @Test
  void open_unlistedTensorInTwoShards_rejects() throws IOException {
    RawFiles.vectors(folder.resolve("1.safetensors"), "x", "a");
    RawFiles.vectors(folder.resolve("2.safetensors"), "y", "a");
    write(
        "model.safetensors.index.json",
        "{\"weight_map\":{\"x\":\"1.safetensors\",\"y\":\"2.safetensors\"}}");

    assertThatThrownBy(() -> SafetensorsWeights.open(folder))
        .isInstanceOf(FormatException.class)
        .hasMessageContaining("tensor 'a' is in ")
        .hasMessageContaining("weight_map does not say which one to use");
  }

  @Test
  void open_missingShards_namesThem() throws IOException {
    RawFiles.vectors(folder.resolve("1.safetensors"), "a");
    write(
        "model.safetensors.index.json",
        "{\"weight_map\":{\"a\":\"1.safetensors\",\"b\":\"2.safetensors\",\"c\":\"3.safetensors\"}}");

    assertThatThrownBy(() -> SafetensorsWeights.open(folder))
        .isInstanceOf(NoSuchFileException.class)
        .hasMessageEndingWith(
            "2 of 3 shards are missing: 2.safetensors, 3.safetensors; "
                + "download them into the folder of the index");
  }

  @Test
  void open_indexNamesTensorThatShardLacks_namesBoth() throws IOException {
    shards("{\"weight_map\":{\"a\":\"1.safetensors\",\"z\":\"2.safetensors\"}}");

    assertThatThrownBy(() -> SafetensorsWeights.open(folder))
        .isInstanceOf(FormatException.class)
        .hasMessage(
            folder.resolve("2.safetensors")
                + ": there is no tensor 'z', which model.safetensors.index.json expects here");
  }

  @Test
  void open_damagedShard_namesItAndUnmapsTheOthers() throws IOException {
    shards("{\"weight_map\":{\"a\":\"1.safetensors\",\"b\":\"2.safetensors\"}}");
    write("2.safetensors", "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n");

    assertThatThrownBy(() -> SafetensorsWeights.open(folder))
        .isInstanceOf(FormatException.class)
        .hasMessageStartingWith(folder.resolve("2.safetensors") + ": this is a Git LFS pointer");
    assertThat(mappedFiles()).isEmpty();
  }

  @Test
  void close_shards_unmapsThem() throws IOException {
    shards("{\"weight_map\":{\"a\":\"1.safetensors\",\"b\":\"2.safetensors\"}}");
    Path linux = Path.of("/proc/self/maps");

    try (SafetensorsWeights weights = SafetensorsWeights.open(folder)) {
      assertThat(mappedFiles()).hasSize(Files.exists(linux) ? weights.headers().size() : 0);
    }

    assertThat(mappedFiles()).isEmpty();
  }

  @Test
  void open_oddButInside_accepts() throws IOException {
    Files.createDirectory(folder.resolve("sub"));
    RawFiles.vectors(folder.resolve("sub").resolve("1.safetensors"), "a", "b");
    write(
        "model.safetensors.index.json",
        "{\"metadata\":{\"x\":null},"
            + "\"weight_map\":{\"a\":\"sub/1.safetensors\",\"b\":\"./sub//1.safetensors\"}}");

    try (SafetensorsWeights weights = SafetensorsWeights.open(folder)) {
      assertThat(weights.names()).containsExactly("a", "b");
      assertThat(weights.headers()).hasSize(1);
    }
  }

  @Test
  void open_linksAsInTheHubCache_followsThem() throws IOException {
    Path blobs = Files.createDirectory(folder.resolve("blobs"));
    Path snapshot = Files.createDirectory(folder.resolve("snapshot"));
    RawFiles.vectors(blobs.resolve("0"), "a");
    Files.writeString(blobs.resolve("1"), CONFIG);
    Files.createSymbolicLink(snapshot.resolve("config.json"), Path.of("../blobs/1"));
    Path link =
        Files.createSymbolicLink(snapshot.resolve("model.safetensors"), Path.of("../blobs/0"));

    try (Checkpoint checkpoint = Checkpoint.open(snapshot)) {
      assertThat(checkpoint.weights().names()).containsExactly("a");
    }

    Files.delete(blobs.resolve("0"));
    assertThatThrownBy(() -> Checkpoint.open(snapshot))
        .isInstanceOf(NoSuchFileException.class)
        .hasMessageContaining(link + ": a link to ")
        .hasMessageEndingWith("which is missing; download it again");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '\u0001',
      value = {
        "{                                     | not valid JSON: Unexpected end-of-input",
        "[]                                    | expected a JSON object, got an array",
        "{\"metadata\":{}}                     | weight_map is missing",
        "{\"weight_map\":null}                 | weight_map is missing",
        "{\"weight_map\":[1]}                  | weight_map: expected an object",
        "{\"weight_map\":{}}                   | expected at least one tensor, got none",
        "{\"weight_map\":{\"a\":3}}            | expected a file name for 'a', got '3'",
        "{\"weight_map\":{\"a\":[]}}           | expected a file name for 'a', got '[]'",
        "{\"weight_map\":{\"a\":null}}         | expected a file name for 'a', got 'null'",
        "{\"weight_map\":{\"a\":\"1\",\"a\":\"1\"}} | 'a' is declared twice",
        "{\"weight_map\":{\"a\":\"\"}}         | in the folder of the index for 'a', got ''",
        "{\"weight_map\":{\"a\":\".\"}}        | in the folder of the index for 'a', got '.'",
        "{\"weight_map\":{\"a\":\"..\"}}       | in the folder of the index for 'a', got '..'",
        "{\"weight_map\":{\"a\":\"../x\"}}     | in the folder of the index for 'a', got '../x'",
        "{\"weight_map\":{\"a\":\"b/../../x\"}} | in the folder of the index for 'a'",
        "{\"weight_map\":{\"a\":\"/etc/passwd\"}} | in the folder of the index for 'a', got '/etc/",
        "{\"weight_map\":{\"a\":\"..\\\\x\"}}  | in the folder of the index for 'a', got '..\\x'",
        "{\"weight_map\":{\"a\":\"C:x\"}}      | in the folder of the index for 'a', got 'C:x'",
        "{\"weight_map\":{\"a\":\"x\\u0000\"}} | in the folder of the index for 'a', got"
            + " 'x\\u0000'",
      })
  void open_brokenIndex_saysWhat(String index, String message) throws IOException {
    Path file = write("model.safetensors.index.json", index);

    assertThatThrownBy(() -> SafetensorsWeights.open(folder))
        .isInstanceOf(FormatException.class)
        .hasMessageStartingWith(file + ": ")
        .hasMessageContaining(message);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '\u0001',
      emptyValue = "",
      value = {
        "hidden_size: 64                  | config.json is not valid JSON",
        "null                             | expected a JSON object, got null",
        "[]                               | expected a JSON object, got an array",
        "{} {}                            | expected nothing after the JSON object",
        "{}                               | model_type: expected the name of an architecture",
        "{\"model_type\":null}            | model_type: expected the name",
        "{\"model_type\":7}               | such as qwen3, got '7'",
        "{\"model_type\":\" \"}           | such as qwen3, got ' '",
        "<!DOCTYPE html>                  | this is an HTML page",
        "version https://git-lfs.github.com/spec/v1 | this is a Git LFS pointer",
      })
  void open_brokenConfig_saysWhat(String config, String message) throws IOException {
    Path file = write("config.json", config);
    writeWeights();

    assertThatThrownBy(() -> Checkpoint.open(folder))
        .isInstanceOf(FormatException.class)
        .hasMessageStartingWith(file + ": ")
        .hasMessageContaining(message);
  }

  @Test
  void open_emptyOrDeepConfig_saysWhat() throws IOException {
    write("config.json", "");
    assertThatThrownBy(() -> Checkpoint.open(folder))
        .isInstanceOf(FormatException.class)
        .hasMessageEndingWith("config.json: expected a JSON object, got an empty file");

    write("config.json", "{\"a\":".repeat(20_000));
    assertThatThrownBy(() -> Checkpoint.open(folder))
        .isInstanceOf(FormatException.class)
        .hasMessageContaining("nesting depth (128) exceeds the maximum allowed (127)");

    write("config.json", CONFIG);
    write("generation_config.json", "[");
    assertThatThrownBy(() -> Checkpoint.open(folder))
        .isInstanceOf(FormatException.class)
        .hasMessageContaining("generation_config.json: expected a JSON object, got an array");
  }

  @ParameterizedTest
  @CsvSource({
    "pytorch_model.bin,                'a PyTorch pickle, which is not read'",
    "model-q8_0.gguf,                  'pass that file as the model'",
    "model-00001-of-00002.safetensors, 'without their index; download the index too'",
    "weights.safetensors,              'rename it if it holds the whole model'",
    "adapter_model.safetensors,        'this is a LoRA adapter'",
    "tokenizer.json,                   'neither of them; download the weights too'",
  })
  void open_noWeights_saysWhatIsThereInstead(String name, String remedy) throws IOException {
    write("config.json", CONFIG);
    write(name, "content");

    assertThatThrownBy(() -> Checkpoint.open(folder))
        .isInstanceOf(NoSuchFileException.class)
        .hasMessageStartingWith(
            folder + ": no weights; expected model.safetensors or model.safetensors.index.json")
        .hasMessageContaining(remedy);
  }

  @Test
  void open_noConfig_saysSo() throws IOException {
    writeWeights();

    assertThatThrownBy(() -> Checkpoint.open(folder))
        .isInstanceOf(NoSuchFileException.class)
        .hasMessage(
            folder + ": no config.json; expected a model folder as Hugging Face publishes it");
  }

  @Test
  void open_emptyFolder_namesBothMissingFiles() {
    assertThatThrownBy(() -> Checkpoint.open(folder))
        .isInstanceOf(NoSuchFileException.class)
        .hasMessageContaining("no config.json")
        .hasMessageContaining("no weights; expected model.safetensors");
  }

  @Test
  void open_fileInPlaceOfFolder_saysWhatItIs() throws IOException {
    Path gguf = write("model.bin", "GGUF\u0003");
    writeWeights();

    assertThatThrownBy(() -> Checkpoint.open(gguf))
        .isInstanceOf(FormatException.class)
        .hasMessage(
            gguf
                + ": this is a GGUF file; give it a name that ends in .gguf and pass it as the"
                + " model");
    assertThatThrownBy(() -> Checkpoint.open(folder.resolve("model.safetensors")))
        .isInstanceOf(FormatException.class)
        .hasMessageEndingWith("got a file; pass the folder that holds config.json");
    assertThatThrownBy(() -> Checkpoint.open(folder.resolve("absent")))
        .isInstanceOf(NoSuchFileException.class)
        .hasMessageEndingWith(
            "no such folder; expected a model folder with config.json or a .gguf file");
  }

  @Test
  void prefetch_shards_reportsBytesOfAll() throws IOException {
    write("config.json", CONFIG);
    shards("{\"weight_map\":{\"a\":\"1.safetensors\",\"b\":\"2.safetensors\"}}");
    List<LoadProgress> reports = new ArrayList<>();

    try (Checkpoint checkpoint = Checkpoint.open(folder)) {
      checkpoint.prefetch(reports::add);

      assertThat(reports)
          .extracting(LoadProgress::file)
          .containsExactly(folder.resolve("1.safetensors"), folder.resolve("2.safetensors"));
      assertThat(reports.getLast().bytesDone()).isEqualTo(checkpoint.weights().byteSize());
      assertThat(reports.getLast().fraction()).isEqualTo(1);
    }
  }

  @Test
  void close_thenUse_throws() throws IOException {
    write("config.json", CONFIG);
    writeWeights();
    Checkpoint checkpoint = Checkpoint.open(folder);
    MemorySegment data = checkpoint.weights().data("a");

    checkpoint.close();

    assertThatThrownBy(() -> data.get(ValueLayout.JAVA_BYTE, 0))
        .isInstanceOf(IllegalStateException.class);
    assertThatThrownBy(() -> checkpoint.weights().data("a"))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("model.safetensors are closed");
    assertThatThrownBy(() -> checkpoint.prefetch(progress -> {}))
        .isInstanceOf(IllegalStateException.class);
  }

  /** {@code 1.safetensors} with a; {@code 2.safetensors} with b and c. */
  private void shards(String index) throws IOException {
    RawFiles.vectors(folder.resolve("1.safetensors"), "a");
    RawFiles.vectors(folder.resolve("2.safetensors"), "b", "c");
    write("model.safetensors.index.json", index);
  }

  /** The files of this test that are mapped; known on Linux only. */
  private List<String> mappedFiles() throws IOException {
    Path maps = Path.of("/proc/self/maps");
    return Files.exists(maps)
        ? Files.readAllLines(maps).stream()
            .filter(line -> line.contains(folder.toString()))
            .toList()
        : List.of();
  }
}
