package dev.wick.lora.learning;

/** How a round, or the probation of a version, ended. */
public sealed interface LearningDecision {
  /** Name of the adapter. */
  String adapter();

  /**
   * The candidate is the current version now.
   *
   * @param version its number
   */
  record Published(String adapter, long version, Comparison comparison)
      implements LearningDecision {}

  /** The gate kept the candidate back, and it is gone. */
  record Rejected(String adapter, Comparison comparison) implements LearningDecision {}

  /**
   * Somebody else published or took back a version while the candidate was trained from another, so
   * it is gone.
   *
   * @param trainedFrom the version that was current when the round began; 0 for none
   */
  record Overtaken(String adapter, long trainedFrom) implements LearningDecision {}

  /**
   * A published version did worse than the one before on events held out since, so the latter is
   * current again.
   *
   * @param from the version that was taken back
   * @param version the one that is current now
   * @param comparison with the version before as the candidate
   */
  record RolledBack(String adapter, long from, long version, Comparison comparison)
      implements LearningDecision {}

  /**
   * A published version did no worse than the one before on events held out since, and stays.
   *
   * @param comparison with the version before as the candidate
   */
  record Confirmed(String adapter, long version, Comparison comparison)
      implements LearningDecision {}

  /** None of the round's events could be used. */
  record Empty(String adapter) implements LearningDecision {}

  /** The trainer was closed during the round; nothing was changed. */
  record Cancelled(String adapter) implements LearningDecision {}

  /** An error ended the round; nothing was changed, and its events are gone. */
  record Failed(String adapter, Throwable cause) implements LearningDecision {}
}
