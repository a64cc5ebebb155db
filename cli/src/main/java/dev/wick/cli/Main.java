package dev.wick.cli;

import picocli.CommandLine;
import picocli.CommandLine.Command;

/** Entry point of the {@code wick} command. */
@Command(
    name = "wick",
    mixinStandardHelpOptions = true,
    versionProvider = Main.Version.class,
    description = "Runs Qwen language models inside the JVM.")
public final class Main implements Runnable {
  private Main() {}

  /** Runs the command and exits with its code. */
  public static void main(String[] args) {
    System.exit(new CommandLine(new Main()).execute(args));
  }

  @Override
  public void run() {
    new CommandLine(this).usage(System.out);
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
