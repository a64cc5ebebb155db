package dev.wick.lora.training.data;

import java.io.IOException;

/** Training data that cannot be used; the message begins with the file and line. */
public final class DatasetException extends IOException {
  private static final long serialVersionUID = 1L;

  /** A problem at a place such as {@code train.jsonl:17}. */
  public DatasetException(String origin, String problem) {
    super(origin + ": " + problem);
  }

  /** As {@link #DatasetException(String, String)}, with what brought it to light. */
  public DatasetException(String origin, String problem, Throwable cause) {
    super(origin + ": " + problem, cause);
  }
}
