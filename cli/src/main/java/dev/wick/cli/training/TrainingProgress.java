package dev.wick.cli.training;

import dev.wick.cli.terminal.ProgressBar;
import dev.wick.cli.terminal.Quantities;
import dev.wick.cli.terminal.Streams;
import dev.wick.lora.training.EvaluationReport;
import dev.wick.lora.training.StepReport;
import dev.wick.lora.training.TrainingListener;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Locale;

/**
 * Shows a run: a bar with loss, speed and the time that is left, and lines for what stays to be
 * read. Where nobody sees a bar, a line now and then takes its place.
 */
public final class TrainingProgress implements TrainingListener, AutoCloseable {
  private static final int LINES = 20;
  private static final double SMOOTHING = 0.9;

  private final PrintWriter err;
  private final boolean hasBar;
  private final ProgressBar bar;
  private double loss = Double.NaN;
  private double rate = Double.NaN;
  private double secondsPerStep = Double.NaN;

  /** A display on the error stream. */
  public TrainingProgress(Streams streams) {
    this.err = streams.err();
    this.hasBar = streams.showsProgress();
    this.bar = streams.progress("training");
  }

  @Override
  public void onStep(StepReport report) {
    loss = smoothed(loss, report.loss());
    rate = smoothed(rate, report.tokensPerSecond());
    secondsPerStep = smoothed(secondsPerStep, report.seconds());
    long left = report.totalSteps() - report.step();
    String remark =
        String.format(
            Locale.ROOT,
            "%d/%d loss %.4f %s tok/s %s",
            report.step(),
            report.totalSteps(),
            loss,
            Quantities.rate(rate),
            left(Duration.ofMillis((long) (1000 * left * secondsPerStep))));
    bar.show((double) report.step() / report.totalSteps(), remark);
    long every = Math.max(1, report.totalSteps() / LINES);
    if (!hasBar && (report.step() % every == 0 || left == 0)) {
      line("step " + remark);
    }
  }

  private static double smoothed(double mean, double value) {
    return Double.isNaN(mean) ? value : SMOOTHING * mean + (1 - SMOOTHING) * value;
  }

  private static String left(Duration time) {
    return time.toHours() > 0
        ? String.format(Locale.ROOT, "%dh%02d left", time.toHours(), time.toMinutesPart())
        : String.format(Locale.ROOT, "%d:%02d left", time.toMinutes(), time.toSecondsPart());
  }

  @Override
  public void onEvaluation(EvaluationReport report) {
    line(
        String.format(
            Locale.ROOT,
            "step %d: validation loss %.4f, perplexity %.2f%s",
            report.step(),
            report.loss(),
            report.perplexity(),
            report.isBest() ? ", the best so far" : ""));
  }

  @Override
  public void onCheckpoint(long step, Path folder) {
    line("step %d: saved %s".formatted(step, folder));
  }

  /** Prints a line above the bar. */
  public void line(String text) {
    bar.clear();
    err.println(text);
    err.flush();
  }

  /** Removes the bar, for good. */
  public void hide() {
    bar.hide();
  }

  @Override
  public void close() {
    hide();
  }
}
