package dev.wick.lora.learning;

/** What becomes of an event for which the queue has no room. */
public enum OverflowPolicy {
  /** It is refused. */
  REJECT,
  /** The oldest one of the queue is dropped for it. */
  DROP_OLDEST
}
