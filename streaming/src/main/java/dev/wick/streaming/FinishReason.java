package dev.wick.streaming;

/** Why a generation ended. */
public enum FinishReason {
  /** The model produced an id that ends the sequence. */
  STOP,
  /** The text came to one of the request's stop strings. */
  STOP_STRING,
  /** The most tokens that the request allows were produced, or the context is full. */
  LENGTH,
  /** The caller stopped it, or the generator was closed. */
  CANCELLED
}
