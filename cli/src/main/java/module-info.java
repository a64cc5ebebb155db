import org.jspecify.annotations.NullMarked;

/**
 * The {@code wick} command.
 *
 * <p>{@code dev.wick.cli.session} composes a model from its parts, {@code dev.wick.cli} holds the
 * commands, the other packages what they need beside it.
 *
 * @provides java.lang.System.LoggerFinder
 */
@NullMarked
module dev.wick.cli {
  requires static org.jspecify;
  requires com.fasterxml.jackson.core;
  requires dev.wick.engine;
  requires dev.wick.formats;
  requires dev.wick.hub;
  requires dev.wick.limits;
  requires dev.wick.lora;
  requires dev.wick.streaming;
  requires dev.wick.tokenizers;
  requires info.picocli;
  // Counts the heap that a thread allocates.
  requires jdk.management;
  requires java.management;
  // Has sun.misc.Signal, for Ctrl-C.
  requires jdk.unsupported;

  opens dev.wick.cli to
      info.picocli;
  opens dev.wick.cli.adapters to
      info.picocli;
  opens dev.wick.cli.session to
      info.picocli;
  opens dev.wick.cli.training to
      info.picocli;

  provides System.LoggerFinder with
      dev.wick.cli.terminal.Log;
}
