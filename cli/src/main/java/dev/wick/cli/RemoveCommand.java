package dev.wick.cli;

import dev.wick.cli.terminal.Quantities;
import dev.wick.cli.terminal.Streams;
import dev.wick.hub.Hub;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Parameters;

/** {@code wick rm}: removes models from the cache. */
@Command(
    name = "rm",
    mixinStandardHelpOptions = true,
    description = "Removes models, or single revisions, from the Hugging Face cache.")
final class RemoveCommand implements Callable<Integer> {
  private final Streams streams;

  @Parameters(
      arity = "1..*",
      paramLabel = "HUBID[@REV]",
      description = "A model, or one revision of it: a branch, a tag or a commit.")
  private List<String> ids = new ArrayList<>();

  RemoveCommand(Streams streams) {
    this.streams = streams;
  }

  @Override
  public Integer call() throws IOException {
    Hub hub = Hub.fromEnvironment();
    for (String id : ids) {
      long freed = hub.remove(id);
      streams.out().printf("%s removed, %s freed%n", id, Quantities.bytes(freed));
    }
    return ExitCode.OK;
  }
}
