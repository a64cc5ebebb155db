package dev.wick.cli.session;

import dev.wick.cli.terminal.ProgressBar;
import dev.wick.cli.terminal.Quantities;
import dev.wick.cli.terminal.Streams;
import dev.wick.hub.DownloadListener;
import dev.wick.hub.FileSelection;
import dev.wick.hub.Hub;
import dev.wick.hub.HubId;
import dev.wick.hub.ModelLocation;
import java.io.IOException;
import java.nio.file.Path;

/** Turns what a user writes for a model into a path, by a download where it must be. */
public final class ModelFolder {
  private ModelFolder() {}

  /**
   * The folder or GGUF file of a model, with everything that running it needs.
   *
   * @throws IOException if it is on the hub and cannot be had
   * @throws IllegalArgumentException if the text is no folder, GGUF file or hub id
   */
  public static Path resolve(String model, Streams streams) throws IOException {
    return switch (ModelLocation.parse(model)) {
      case ModelLocation.Folder(Path path) -> path;
      case ModelLocation.File(Path path) -> path;
      case ModelLocation.OnHub _, ModelLocation.FileOnHub _ -> {
        try (ProgressBar bar = streams.progress("download")) {
          yield Hub.fromEnvironment().resolveFolder(model, listener(bar));
        }
      }
    };
  }

  /**
   * The folder or GGUF file of a model's tokenizer; of a model on the hub no weights are
   * downloaded.
   *
   * @throws IOException if it is on the hub and cannot be had
   * @throws IllegalArgumentException if the text is no folder, GGUF file or hub id
   */
  public static Path resolveTokenizer(String model, Streams streams) throws IOException {
    return switch (ModelLocation.parse(model)) {
      case ModelLocation.Folder(Path path) -> path;
      case ModelLocation.File(Path path) -> path;
      case ModelLocation.FileOnHub _ -> resolve(model, streams); // the tokenizer is in the file
      case ModelLocation.OnHub(HubId id) -> {
        try (ProgressBar bar = streams.progress("download")) {
          yield Hub.fromEnvironment()
              .resolve(
                  id,
                  FileSelection.matching("tokenizer.json", "tokenizer_config.json"),
                  listener(bar));
        }
      }
    };
  }

  /** Shows a download on a bar. */
  public static DownloadListener listener(ProgressBar bar) {
    return progress ->
        bar.update(
            progress.bytes(),
            progress.totalBytes(),
            "%s/s, %d of %d files"
                .formatted(
                    Quantities.bytes((long) progress.bytesPerSecond()),
                    progress.filesDone(),
                    progress.files()));
  }
}
