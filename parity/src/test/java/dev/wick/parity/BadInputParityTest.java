package dev.wick.parity;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import com.fasterxml.jackson.databind.JsonNode;
import dev.wick.engine.Engine;
import dev.wick.engine.model.LanguageModel;
import dev.wick.engine.model.LoadOptions;
import dev.wick.engine.model.Models;
import dev.wick.formats.Checkpoint;
import dev.wick.formats.SafetensorsWeights;
import dev.wick.formats.gguf.GgufFile;
import dev.wick.formats.safetensors.SafetensorsFile;
import dev.wick.lora.peft.BaseWeights;
import dev.wick.lora.peft.PeftAdapter;
import dev.wick.tokenizers.HuggingFaceTokenizer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;

/** Damaged files: each is refused with an error that names it, or loads if it may. */
class BadInputParityTest {
  @TempDir Path temporary;

  private final Path root = Goldens.folder().resolve("bad-input");

  @TestFactory
  List<DynamicTest> badInput() {
    JsonNode cases = Goldens.json(root.resolve("manifest.json")).get("cases");
    CaseCount count = new CaseCount("bad input");
    for (JsonNode golden : cases) {
      String kind = golden.get("kind").asText();
      String name = kind + " " + golden.get("name").asText();
      switch (kind) {
        case "safetensors", "sharded-index", "tokenizer" ->
            count.add(name, () -> check(golden, loading(kind, path(golden))));
        case "config" -> addConfig(count, name, golden);
        case "gguf" -> addGguf(count, name, golden);
        case "adapter" -> count.add(name, () -> check(golden, () -> openAdapter(golden)));
        default -> count.skip(name, "no module reads files of kind " + kind);
      }
    }
    return count.tests(cases.size());
  }

  private void addConfig(CaseCount count, String name, JsonNode golden) {
    String device = Devices.wanted().getFirst();
    String against = Devices.reasonAgainst(device);
    if (against.isEmpty()) {
      count.add(name, () -> check(golden, () -> loadModel(device, golden)));
    } else {
      count.skip(name, against);
    }
  }

  private void addGguf(CaseCount count, String name, JsonNode golden) {
    String device = Devices.wanted().getFirst();
    String against = Devices.reasonAgainst(device);
    if (golden.get("expect").asText().equals("accept-container")) {
      count.add(name, () -> check(golden, () -> GgufFile.open(path(golden)).close()));
    } else if (against.isEmpty()) {
      count.add(name, () -> check(golden, () -> loadModel(device, path(golden))));
    } else {
      count.skip(name, against);
    }
  }

  private Path path(JsonNode golden) {
    return root.resolve(golden.get("path").asText());
  }

  private static ThrowingCallable loading(String kind, Path path) {
    return switch (kind) {
      case "safetensors" -> () -> SafetensorsFile.open(path).close();
      case "sharded-index" ->
          () -> {
            try (SafetensorsWeights weights = SafetensorsWeights.open(path)) {
              for (String name : weights.names()) {
                assertThat(weights.data(name).byteSize()).isNotNegative();
              }
            }
          };
      default -> () -> HuggingFaceTokenizer.load(path).close();
    };
  }

  private void loadModel(String device, JsonNode golden) throws IOException {
    Path folder = Files.createDirectories(temporary.resolve(golden.get("name").asText()));
    Files.copy(path(golden).resolve("config.json"), folder.resolve("config.json"));
    Files.copy(root.resolve(golden.get("weights").asText()), folder.resolve("model.safetensors"));
    loadModel(device, folder);
  }

  private static void loadModel(String device, Path path) throws IOException {
    LoadOptions options = LoadOptions.DEFAULT.withKvTokens(64);
    try (Engine engine = Engine.open(device);
        Checkpoint checkpoint = Checkpoint.open(path);
        LanguageModel model = Models.load(checkpoint, engine, options)) {
      assertThat(model.info().vocabSize()).isPositive();
    }
  }

  private void openAdapter(JsonNode golden) throws IOException {
    Path base = root.resolve(golden.get("base").asText()).normalize();
    try (Checkpoint checkpoint = Checkpoint.open(base);
        PeftAdapter adapter =
            PeftAdapter.open(
                "bad", path(golden), new BaseWeights(base.toString(), checkpoint.weights()))) {
      assertThat(adapter.deltas()).isNotEmpty();
    }
  }

  private void check(JsonNode golden, ThrowingCallable loading) {
    String expect = golden.get("expect").asText();
    Throwable failure = catchThrowable(loading);
    switch (expect) {
      case "accept", "accept-container" -> assertThat(failure).isNull();
      case "reject" -> assertThat(failure).as("%s", golden.get("why")).isNotNull();
      default -> {}
    }
    if (failure != null) {
      assertThat(failure).isInstanceOf(IOException.class);
      assertThat(failure.getMessage()).contains(named(golden));
    }
  }

  /** The damaged file or folder, which the message must name. */
  private String named(JsonNode golden) {
    @Nullable Path name = path(golden).getFileName();
    if (name == null) {
      throw new IllegalStateException("bad input: no file name in " + golden);
    }
    return name.toString();
  }
}
