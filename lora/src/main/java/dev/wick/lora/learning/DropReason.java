package dev.wick.lora.learning;

/** Why an event was not learned. */
public enum DropReason {
  /** The queue was full, and it was refused. */
  QUEUE_FULL,
  /** The queue was full, and it was the oldest. */
  DISPLACED,
  /** The trainer was closed before it was learned. */
  CLOSED,
  /** The encoder refused it. */
  NOT_ENCODABLE,
  /** No token was left to learn after masking and cutting. */
  NOTHING_TO_LEARN,
  /** None of the held-out events could be used, so that nothing could have been compared. */
  NOTHING_TO_COMPARE,
  /** An error ended the round. */
  ROUND_FAILED
}
