package dev.wick.formats;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/** The file names in a folder, for messages about what it lacks. */
record FolderContents(List<String> names) {
  /** The file of a checkpoint that is not sharded. */
  static final String SINGLE_FILE = "model.safetensors";

  /** The index of a checkpoint that is sharded. */
  static final String INDEX_FILE = "model.safetensors.index.json";

  private static final int MAX_NAMES = 10_000;

  static FolderContents of(Path folder) throws IOException {
    try (Stream<Path> paths = Files.list(folder)) {
      return new FolderContents(
          paths.limit(MAX_NAMES).map(path -> path.getFileName().toString()).sorted().toList());
    }
  }

  /** Why the folder has no weights we read, and the remedy. */
  String whyNoWeights() {
    String problem = "no weights; expected %s or %s".formatted(SINGLE_FILE, INDEX_FILE);
    return problem + ", got " + found();
  }

  private String found() {
    if (names.contains("adapter_model.safetensors")) {
      return "adapter_model.safetensors: this is a LoRA adapter, pass the folder of its base model";
    }
    List<String> safetensors = ending(".safetensors");
    if (!safetensors.isEmpty()) {
      return safetensors.getFirst().matches(".*-of-\\d+\\.safetensors")
          ? "shards such as %s without their index; download the index too"
              .formatted(safetensors.getFirst())
          : "%s; rename it if it holds the whole model".formatted(safetensors.getFirst());
    }
    List<String> pickles =
        Stream.of(ending(".bin"), ending(".pt"), ending(".pth")).flatMap(List::stream).toList();
    if (!pickles.isEmpty()) {
      return "%s, a PyTorch pickle, which is not read because it can run code; convert it with "
              .formatted(pickles.getFirst())
          + "save_pretrained of transformers";
    }
    List<String> gguf = ending(".gguf");
    if (!gguf.isEmpty()) {
      return "%s; pass that file as the model".formatted(gguf.getFirst());
    }
    return names.isEmpty() ? "an empty folder" : "neither of them; download the weights too";
  }

  private List<String> ending(String suffix) {
    return names.stream().filter(name -> name.endsWith(suffix)).toList();
  }
}
