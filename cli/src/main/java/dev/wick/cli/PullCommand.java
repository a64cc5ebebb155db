package dev.wick.cli;

import dev.wick.cli.session.ModelFolder;
import dev.wick.cli.terminal.ProgressBar;
import dev.wick.cli.terminal.Streams;
import dev.wick.hub.Hub;
import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Parameters;

/** {@code wick pull}: downloads a model into the cache. */
@Command(
    name = "pull",
    mixinStandardHelpOptions = true,
    description = {
      "Downloads a model into the Hugging Face cache, where Python finds it too, and prints its"
          + " folder."
    })
final class PullCommand implements Callable<Integer> {
  private final Streams streams;

  @Parameters(paramLabel = "HUBID[@REV]", description = "For example Qwen/Qwen3-0.6B.")
  private String id = "";

  PullCommand(Streams streams) {
    this.streams = streams;
  }

  @Override
  public Integer call() throws IOException {
    try (ProgressBar bar = streams.progress("download")) {
      Path folder = Hub.fromEnvironment().resolve(id, ModelFolder.listener(bar));
      bar.hide();
      streams.out().println(folder);
      return ExitCode.OK;
    }
  }
}
