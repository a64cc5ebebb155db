package dev.wick.formats.file;

import java.io.IOException;
import java.nio.file.Path;

/** A file whose content breaks the rules of its format; the message begins with the file. */
public class FormatException extends IOException {
  private static final long serialVersionUID = 1L;

  private final String file;

  /**
   * A violation found in {@code file}; {@code problem} says what was expected and what was found.
   */
  public FormatException(Path file, String problem) {
    super(file + ": " + problem);
    this.file = file.toString();
  }

  /** As {@link #FormatException(Path, String)}, with what brought it to light. */
  public FormatException(Path file, String problem, Throwable cause) {
    super(file + ": " + problem, cause);
    this.file = file.toString();
  }

  /** The path of the damaged file. */
  public String file() {
    return file;
  }
}
