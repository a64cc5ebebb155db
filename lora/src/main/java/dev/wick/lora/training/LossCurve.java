package dev.wick.lora.training;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalDouble;

/** The losses of a run, step by step, as a table that spreadsheets read. */
final class LossCurve {
  static final String CSV_NAME = "loss.csv";
  private static final String HEADER =
      "step,epoch,loss,gradient_norm,learning_rate,tokens,validation_loss";

  private final List<Point> points = new ArrayList<>();

  /** A step; the validation loss is there if it was followed by a validation. */
  record Point(
      long step,
      long epoch,
      double loss,
      double gradientNorm,
      double learningRate,
      long tokens,
      OptionalDouble validationLoss) {
    private String csv() {
      return "%d,%d,%s,%s,%s,%d,%s"
          .formatted(
              step,
              epoch,
              Double.toString(loss),
              Double.toString(gradientNorm),
              Double.toString(learningRate),
              tokens,
              validationLoss.isPresent() ? Double.toString(validationLoss.getAsDouble()) : "");
    }

    private static Point parse(String line) {
      String[] cells = line.split(",", -1);
      return new Point(
          Long.parseLong(cells[0]),
          Long.parseLong(cells[1]),
          Double.parseDouble(cells[2]),
          Double.parseDouble(cells[3]),
          Double.parseDouble(cells[4]),
          Long.parseLong(cells[5]),
          cells[6].isEmpty()
              ? OptionalDouble.empty()
              : OptionalDouble.of(Double.parseDouble(cells[6])));
    }
  }

  void add(StepReport report) {
    points.add(
        new Point(
            report.step(),
            report.epoch(),
            report.loss(),
            report.gradientNorm(),
            report.learningRate(),
            report.tokens(),
            OptionalDouble.empty()));
  }

  /** Notes the validation loss after the last step. */
  void addValidation(double loss) {
    if (!points.isEmpty()) {
      Point last = points.removeLast();
      points.add(
          new Point(
              last.step(),
              last.epoch(),
              last.loss(),
              last.gradientNorm(),
              last.learningRate(),
              last.tokens(),
              OptionalDouble.of(loss)));
    }
  }

  List<Point> points() {
    return points;
  }

  double lastLoss() {
    return points.isEmpty() ? Double.NaN : points.getLast().loss();
  }

  void write(Path file) throws IOException {
    List<String> lines = new ArrayList<>();
    lines.add(HEADER);
    points.forEach(point -> lines.add(point.csv()));
    Files.write(file, lines);
  }

  static LossCurve read(Path file) throws IOException {
    LossCurve curve = new LossCurve();
    List<String> lines = Files.readAllLines(file);
    try {
      lines.stream().skip(1).map(Point::parse).forEach(curve.points::add);
    } catch (NumberFormatException | IndexOutOfBoundsException e) {
      throw new IOException(file + ": expected the columns " + HEADER, e);
    }
    return curve;
  }
}
