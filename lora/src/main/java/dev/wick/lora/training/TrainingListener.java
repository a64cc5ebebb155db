package dev.wick.lora.training;

import java.nio.file.Path;

/** Is told how a run goes, on the thread that trains. */
public interface TrainingListener {
  /** Hears nothing. */
  TrainingListener NONE = new TrainingListener() {};

  /** An optimiser step was made. */
  default void onStep(StepReport report) {}

  /** The validation data were looked at. */
  default void onEvaluation(EvaluationReport report) {}

  /** A checkpoint was written, whole, to a folder. */
  default void onCheckpoint(long step, Path folder) {}
}
