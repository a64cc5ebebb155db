package dev.wick.cli.terminal;

import java.io.BufferedOutputStream;
import java.io.Console;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.OutputStreamWriter;
import java.io.PrintWriter;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Where a command reads and prints. Text is UTF-8 whatever the platform's charset is.
 *
 * @param in standard input
 * @param out results
 * @param err messages, statistics and progress
 * @param interactive whether a person types the input
 * @param showsProgress whether a person sees what is printed on {@code err}
 */
public record Streams(
    InputStream in, PrintWriter out, PrintWriter err, boolean interactive, boolean showsProgress) {

  /** The streams of this process. */
  public static Streams ofProcess() {
    return new Streams(
        System.in,
        writer(new FileOutputStream(FileDescriptor.out)),
        writer(new FileOutputStream(FileDescriptor.err)),
        isTerminal(0),
        isTerminal(2));
  }

  private static PrintWriter writer(OutputStream stream) {
    return new PrintWriter(
        new OutputStreamWriter(new BufferedOutputStream(stream), StandardCharsets.UTF_8));
  }

  /** Linux tells of each stream; elsewhere each is taken for what input and output are. */
  private static boolean isTerminal(int descriptor) {
    Path link = Path.of("/proc/self/fd/" + descriptor);
    try {
      if (Files.isSymbolicLink(link)) {
        String target = Files.readSymbolicLink(link).toString();
        return target.startsWith("/dev/pts/") || target.startsWith("/dev/tty");
      }
    } catch (IOException e) {
      return isConsole();
    }
    return isConsole();
  }

  /** Whether both standard input and standard output are a terminal, which is all Java tells. */
  @SuppressWarnings("SystemConsoleNull") // JDK 25 returns null again where there is none
  private static boolean isConsole() {
    Console console = System.console();
    return console != null && console.isTerminal();
  }

  /** A progress bar on {@code err}, invisible if nobody would see it. */
  public ProgressBar progress(String label) {
    return new ProgressBar(err, showsProgress, label);
  }

  /**
   * All of a text file or, for {@code -}, of standard input, without one newline at its end.
   *
   * @throws IOException if it cannot be read or is not UTF-8; the message names it
   */
  public String readText(String file) throws IOException {
    boolean standardInput = file.equals("-");
    if (!standardInput && Files.isDirectory(Path.of(file))) {
      throw new IOException(file + ": expected a text file, got a folder");
    }
    byte[] bytes = standardInput ? in.readAllBytes() : Files.readAllBytes(Path.of(file));
    try {
      String text = StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
      return text.endsWith("\n") ? text.substring(0, text.length() - 1) : text;
    } catch (CharacterCodingException e) {
      throw new IOException(
          (standardInput ? "standard input" : file) + ": expected UTF-8 text; convert it first", e);
    }
  }
}
