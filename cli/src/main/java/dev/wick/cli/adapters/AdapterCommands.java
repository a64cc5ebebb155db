package dev.wick.cli.adapters;

import dev.wick.cli.terminal.Streams;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** {@code wick adapters}: looks at adapter folders, compares, merges and exports them. */
@Command(
    name = "adapters",
    mixinStandardHelpOptions = true,
    description = "Lists, inspects, compares, merges and exports LoRA adapters.")
public final class AdapterCommands implements Callable<Integer> {
  private final Streams streams;

  @Spec private CommandSpec spec = CommandSpec.create();

  private AdapterCommands(Streams streams) {
    this.streams = streams;
  }

  /** The command with its subcommands. */
  public static CommandLine commandLine(Streams streams) {
    return new CommandLine(new AdapterCommands(streams))
        .addSubcommand(new AdaptersListCommand(streams))
        .addSubcommand(new AdaptersInspectCommand(streams))
        .addSubcommand(new AdaptersDiffCommand(streams))
        .addSubcommand(new AdaptersMergeCommand(streams))
        .addSubcommand(new AdaptersExportCommand(streams));
  }

  /** Shows what there is. */
  @Override
  public Integer call() {
    spec.commandLine().usage(streams.out());
    return ExitCode.OK;
  }
}
