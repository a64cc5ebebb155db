package dev.wick.lora.training.checkpoint;

import dev.wick.formats.JsonFile;
import dev.wick.formats.file.FormatException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Where a run stands, as {@code trainer_state.json} has it. With the seed, the position is the
 * state of all random numbers too.
 *
 * @param step optimiser steps made
 * @param epoch visit of the examples, 0 for the first
 * @param nextBatch micro-batches of the epoch that were used
 * @param bestStep steps before the validation with the smallest loss; -1 for none
 * @param bestLoss smallest validation loss, or positive infinity
 * @param evaluationsSinceBest validations after it
 * @param identity settings and data that a resumed run must share
 */
public record RunState(
    long step,
    long epoch,
    int nextBatch,
    long bestStep,
    double bestLoss,
    int evaluationsSinceBest,
    Map<String, String> identity) {
  public static final String FILE_NAME = "trainer_state.json";
  private static final int FORMAT = 1;

  public static RunState beginning(Map<String, String> identity) {
    return new RunState(0, 0, 0, -1, Double.POSITIVE_INFINITY, 0, identity);
  }

  /** After one more step. */
  public RunState advanced(long newEpoch, int newNextBatch) {
    return new RunState(
        step + 1, newEpoch, newNextBatch, bestStep, bestLoss, evaluationsSinceBest, identity);
  }

  /** After a validation. */
  public RunState evaluated(double loss, boolean isBest) {
    return new RunState(
        step,
        epoch,
        nextBatch,
        isBest ? step : bestStep,
        isBest ? loss : bestLoss,
        isBest ? 0 : evaluationsSinceBest + 1,
        identity);
  }

  public void write(Path file) throws IOException {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("format", FORMAT);
    json.put("global_step", step);
    json.put("epoch", epoch);
    json.put("next_batch", nextBatch);
    json.put("best_step", bestStep);
    if (Double.isFinite(bestLoss)) {
      json.put("best_validation_loss", bestLoss);
    }
    json.put("evaluations_since_best", evaluationsSinceBest);
    json.put("run", identity);
    JsonFile.write(file, json);
  }

  public static RunState read(Path file) throws IOException {
    Map<String, Object> json = JsonFile.readObject(file);
    long format = number(file, json, "format").longValue();
    if (format != FORMAT) {
      throw new FormatException(file, "expected format %d, got %d".formatted(FORMAT, format));
    }
    Map<String, String> identity = new LinkedHashMap<>();
    if (json.get("run") instanceof Map<?, ?> run) {
      run.forEach((key, value) -> identity.put((String) key, String.valueOf(value)));
    }
    return new RunState(
        number(file, json, "global_step").longValue(),
        number(file, json, "epoch").longValue(),
        number(file, json, "next_batch").intValue(),
        number(file, json, "best_step").longValue(),
        json.containsKey("best_validation_loss")
            ? number(file, json, "best_validation_loss").doubleValue()
            : Double.POSITIVE_INFINITY,
        number(file, json, "evaluations_since_best").intValue(),
        identity);
  }

  private static Number number(Path file, Map<String, Object> json, String key) throws IOException {
    if (json.get(key) instanceof Number number) {
      return number;
    }
    throw new FormatException(file, "%s: expected a number, got %s".formatted(key, json.get(key)));
  }
}
