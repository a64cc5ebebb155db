package dev.wick.cli;

import dev.wick.cli.terminal.Streams;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/** A run of the command, and what came of it. */
record Invocation(int code, String out, String err) {
  private static final Path GOLDENS = Path.of("..", "parity", "goldens");

  /** A tiny model with tokenizer and chat template. */
  static final String MODEL = model("qwen3-tied").toString();

  /** The model of the examples, which can speak. */
  static final String TINY = Path.of("..", "examples", "models", "wick-tiny").toString();

  static Path model(String name) {
    return GOLDENS.resolve("models").resolve(name);
  }

  static Path golden(String path) {
    return GOLDENS.resolve(path);
  }

  static Invocation wick(String... args) {
    return wickWithInput("", args);
  }

  static Invocation wickWithInput(String input, String... args) {
    StringWriter out = new StringWriter();
    StringWriter err = new StringWriter();
    Streams streams =
        new Streams(
            new ByteArrayInputStream(input.getBytes(StandardCharsets.UTF_8)),
            new PrintWriter(out),
            new PrintWriter(err),
            false,
            false);
    int code = Main.commandLine(streams, args).execute(args);
    return new Invocation(code, out.toString(), err.toString());
  }

  /** A copy of the tiny model, to be damaged. */
  static Path copyOfModel(Path folder) throws IOException {
    try (Stream<Path> files = Files.list(Path.of(MODEL))) {
      for (Path file : files.toList()) {
        Files.copy(file, folder.resolve(file.getFileName()));
      }
    }
    return folder;
  }

  List<String> lines() {
    return out.lines().toList();
  }
}
