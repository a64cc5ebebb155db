package dev.wick.cli;

import dev.wick.cli.adapters.AdapterCommands;
import dev.wick.cli.terminal.Log;
import dev.wick.cli.terminal.Streams;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
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
  private static final Map<String, Function<Streams, Object>> COMMANDS = new LinkedHashMap<>();

  static {
    COMMANDS.put("generate", GenerateCommand::new);
    COMMANDS.put("chat", ChatCommand::new);
    COMMANDS.put("train", TrainCommand::new);
    COMMANDS.put("logits", LogitsCommand::new);
    COMMANDS.put("tokenize", TokenizeCommand::new);
    COMMANDS.put("inspect", InspectCommand::new);
    COMMANDS.put("quantize", QuantizeCommand::new);
    COMMANDS.put("perplexity", PerplexityCommand::new);
    COMMANDS.put("devices", DevicesCommand::new);
    COMMANDS.put("doctor", DoctorCommand::new);
    COMMANDS.put("bench", BenchCommand::new);
    COMMANDS.put("adapters", AdapterCommands::commandLine);
    COMMANDS.put("pull", PullCommand::new);
    COMMANDS.put("list", ListCommand::new);
    COMMANDS.put("rm", RemoveCommand::new);
  }

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
    int code;
    Streams streams = Streams.ofProcess();
    try {
      code = commandLine(streams, args).execute(args);
    } catch (VirtualMachineError | LinkageError e) {
      report(e, streams, List.of(args).contains("--verbose"));
      code = CommandLine.ExitCode.SOFTWARE;
    }
    streams.out().flush();
    streams.err().flush();
    System.exit(code);
  }

  /** What no command can handle: too little memory, a file cut short while mapped, a wrong jar. */
  private static void report(Error failure, Streams streams, boolean verbose) {
    String remedy =
        failure instanceof OutOfMemoryError
            ? "; give the JVM more, for example JDK_JAVA_OPTIONS=-Xmx8g"
            : "; --verbose shows where it comes from";
    streams.err().println("wick: " + failure + remedy);
    if (verbose) {
      failure.printStackTrace(streams.err());
    }
  }

  /**
   * The command with the subcommand that the arguments begin with, since reading the options of all
   * takes a quarter of a second; with all of them if they begin with none.
   */
  static CommandLine commandLine(Streams streams, String... args) {
    Main main = new Main(streams);
    CommandLine wick = new CommandLine(main);
    @Nullable Function<Streams, Object> named = args.length == 0 ? null : COMMANDS.get(args[0]);
    if (named != null) {
      wick.addSubcommand(named.apply(streams));
    } else {
      COMMANDS.values().forEach(command -> wick.addSubcommand(command.apply(streams)));
    }
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
