package dev.wick.lora.learning;

/**
 * What a {@link BackgroundTrainer} has done.
 *
 * @param queued events that wait to be learned
 * @param heldOut events that versions are compared with
 * @param accepted events that were taken into the queue or held out
 * @param rejected events that were refused because the queue was full or the trainer closed
 * @param dropped events that had been accepted and were not learned, whatever the reason
 * @param steps optimiser steps
 * @param tokens tokens of these steps
 * @param published versions that were published
 * @param rejectedCandidates candidates that the gate kept back
 * @param rolledBack versions that were taken back
 * @param failures rounds that an error ended
 */
public record LearningStats(
    int queued,
    int heldOut,
    long accepted,
    long rejected,
    long dropped,
    long steps,
    long tokens,
    long published,
    long rejectedCandidates,
    long rolledBack,
    long failures) {}
