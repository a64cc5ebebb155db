package dev.wick.lora.training;

import java.nio.file.Path;
import java.util.OptionalDouble;

/**
 * How a run ended.
 *
 * @param outcome why it ended
 * @param steps optimiser steps made, those before a resumption included
 * @param loss of the last step; NaN if no step was made
 * @param validationLoss smallest that was found
 * @param folder where the result lies
 */
public record TrainingResult(
    Outcome outcome, long steps, double loss, OptionalDouble validationLoss, Path folder) {
  /** Why a run ended. */
  public enum Outcome {
    /** All steps were made. */
    COMPLETED,
    /** Validation did not improve any more. */
    STOPPED_EARLY,
    /** Somebody cancelled it; it can be resumed. */
    CANCELLED
  }
}
