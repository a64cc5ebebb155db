package dev.wick.cli;

import dev.wick.cli.terminal.Log;
import dev.wick.cli.terminal.Streams;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.RunLast;
import picocli.CommandLine.ScopeType;

/** Entry point of the {@code wick} command. */
@Command(
    name = "wick",
    mixinStandardHelpOptions = true,
    versionProvider = Main.Version.class,
    synopsisSubcommandLabel = "COMMAND",
    description = "Runs Qwen language models inside the JVM.")
public final class Main implements Callable<Integer> {
  private final Streams streams;
  private CommandLine commandLine = new CommandLine(this);

  @Option(
      names = "--verbose",
      scope = ScopeType.INHERIT,
      description = "Show log messages, and the stack trace of a failure.")
  private boolean verbose;

  private Main(Streams streams) {
    this.streams = streams;
  }

  /** Runs the command and exits with its code. */
  public static void main(String[] args) {
    int code = commandLine(Streams.ofProcess()).execute(args);
    System.exit(code);
  }

  /** The command with all its subcommands. */
  static CommandLine commandLine(Streams streams) {
    Main main = new Main(streams);
    CommandLine wick =
        new CommandLine(main)
            .addSubcommand(new GenerateCommand(streams))
            .addSubcommand(new LogitsCommand(streams))
            .addSubcommand(new TokenizeCommand(streams))
            .addSubcommand(new InspectCommand(streams))
            .addSubcommand(new DevicesCommand(streams))
            .addSubcommand(new BenchCommand(streams))
            .addSubcommand(new PullCommand(streams))
            .addSubcommand(new ListCommand(streams))
            .addSubcommand(new RemoveCommand(streams));
    Failures failures = new Failures(() -> main.verbose);
    main.commandLine = wick;
    return wick.setOut(streams.out())
        .setErr(streams.err())
        .setUsageHelpAutoWidth(true)
        .setCaseInsensitiveEnumValuesAllowed(true)
        .setExecutionStrategy(main::execute)
        .setParameterExceptionHandler(failures)
        .setExecutionExceptionHandler(failures);
  }

  private int execute(ParseResult parsed) {
    Log.setVerbose(verbose);
    try {
      return new RunLast().execute(parsed);
    } finally {
      streams.out().flush();
      streams.err().flush();
    }
  }

  /** Shows what there is. */
  @Override
  public Integer call() {
    commandLine.usage(streams.out());
    return CommandLine.ExitCode.OK;
  }

  static final class Version implements CommandLine.IVersionProvider {
    @Override
    public String[] getVersion() {
      String version =
          Main.class.getModule().getDescriptor().rawVersion().orElse("of unknown version");
      return new String[] {"wick " + version};
    }
  }
}
