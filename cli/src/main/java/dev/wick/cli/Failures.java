package dev.wick.cli;

import dev.wick.cli.session.UsageException;
import dev.wick.engine.tensor.EngineException;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.InvalidPathException;
import java.nio.file.NoSuchFileException;
import java.util.function.BooleanSupplier;
import picocli.CommandLine;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.IExecutionExceptionHandler;
import picocli.CommandLine.IParameterExceptionHandler;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.UnmatchedArgumentException;

/** Turns failures into one message on standard error and an exit code. */
final class Failures implements IExecutionExceptionHandler, IParameterExceptionHandler {
  private final BooleanSupplier verbose;

  Failures(BooleanSupplier verbose) {
    this.verbose = verbose;
  }

  @Override
  public int handleParseException(ParameterException failure, String[] args) {
    CommandLine command = failure.getCommandLine();
    PrintWriter err = command.getErr();
    String name = command.getCommandSpec().qualifiedName();
    err.println(name + ": " + failure.getMessage());
    if (!UnmatchedArgumentException.printSuggestions(failure, err)) {
      err.printf("Try '%s --help'.%n", name);
    }
    err.flush();
    return ExitCode.USAGE;
  }

  @Override
  public int handleExecutionException(Exception failure, CommandLine command, ParseResult parsed) {
    // What was printed so far comes before the message.
    command.getOut().flush();
    PrintWriter err = command.getErr();
    err.println(command.getCommandSpec().qualifiedName() + ": " + message(failure));
    if (verbose.getAsBoolean()) {
      failure.printStackTrace(err);
    }
    err.flush();
    return failure instanceof UsageException ? ExitCode.USAGE : ExitCode.SOFTWARE;
  }

  private static String message(Exception failure) {
    return switch (failure) {
      case FileSystemException e when e.getReason() == null -> e.getFile() + ": " + reason(e);
      case InvalidPathException e -> e.getInput() + ": not a path on this system";
      case UncheckedIOException e -> String.valueOf(e.getMessage());
      case IOException e -> String.valueOf(e.getMessage());
      case EngineException e -> String.valueOf(e.getMessage());
      case UsageException e -> String.valueOf(e.getMessage());
      case IllegalArgumentException e -> String.valueOf(e.getMessage());
      default ->
          "unexpected %s; --verbose shows where it comes from, please report it".formatted(failure);
    };
  }

  private static String reason(FileSystemException failure) {
    return switch (failure) {
      case NoSuchFileException _ -> "no such file or folder";
      case AccessDeniedException _ -> "access denied; check its permissions";
      default -> failure.getClass().getSimpleName();
    };
  }
}
