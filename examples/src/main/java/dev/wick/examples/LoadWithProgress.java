package dev.wick.examples;

import dev.wick.engine.Engine;
import dev.wick.engine.model.LanguageModel;
import dev.wick.engine.model.LoadOptions;
import dev.wick.engine.model.ModelInfo;
import dev.wick.engine.model.Models;
import dev.wick.formats.Checkpoint;
import dev.wick.hub.Hub;
import java.io.IOException;
import java.nio.file.Path;

/**
 * Loads a model and shows how far it has come: downloading, if it is named by a hub id that is not
 * in the cache, reading the files into memory, and bringing the weights to the device.
 */
public final class LoadWithProgress {
  private LoadWithProgress() {}

  /** {@code [--device NAME] [--model FOLDER|HUB-ID]}. */
  public static void main(String... args) throws IOException, InterruptedException {
    Arguments arguments = Arguments.parse(args);
    Path folder =
        Hub.fromEnvironment()
            .resolveFolder(
                arguments.model(), p -> show("downloading " + p.file(), p.bytes(), p.totalBytes()));

    try (Engine engine = Engine.open(arguments.device());
        Checkpoint checkpoint = Checkpoint.open(folder)) {
      // Ahead of its use and beside the loading; both only wait for the disk.
      Thread reading =
          Thread.ofVirtual()
              .start(
                  () -> checkpoint.prefetch(p -> show("reading", p.bytesDone(), p.bytesTotal())));
      LoadOptions options =
          LoadOptions.DEFAULT
              .withContextLength(1024)
              .withListener((done, total) -> show("loading", done, total));
      try (LanguageModel model = Models.load(checkpoint, engine, options)) {
        ModelInfo info = model.info();
        System.out.printf(
            "%s: %,d parameters in %,d bytes, context of %,d tokens, on %s%n",
            info.modelType(),
            info.parameters(),
            info.weightBytes(),
            info.contextLength(),
            engine.info().id());
      } finally {
        reading.interrupt();
        reading.join();
      }
    }
  }

  private static synchronized void show(String what, long done, long total) {
    System.out.printf("%-12s %3d %%%n", what, total == 0 ? 100 : 100 * done / total);
  }
}
