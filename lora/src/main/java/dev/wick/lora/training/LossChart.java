package dev.wick.lora.training;

import java.util.ArrayList;
import java.util.Formatter;
import java.util.List;
import java.util.Locale;

/** Draws a {@link LossCurve} as SVG: a dot per step, a smoothed line, and the validations. */
final class LossChart {
  static final String SVG_NAME = "loss.svg";

  private static final int WIDTH = 720;
  private static final int HEIGHT = 360;
  private static final int LEFT = 60;
  private static final int RIGHT = 20;
  private static final int TOP = 40;
  private static final int BOTTOM = 40;
  private static final int TICKS = 5;

  /** Most dots that are drawn; of longer runs a part is. */
  private static final int MAX_DOTS = 2000;

  private final List<LossCurve.Point> points;
  private final double lastStep;
  private final double low;
  private final double high;

  private LossChart(List<LossCurve.Point> points) {
    this.points = points;
    this.lastStep = Math.max(1, points.isEmpty() ? 1 : (double) points.getLast().step());
    double min = Double.POSITIVE_INFINITY;
    double max = Double.NEGATIVE_INFINITY;
    for (LossCurve.Point point : points) {
      min = Math.min(min, Math.min(point.loss(), point.validationLoss().orElse(point.loss())));
      max = Math.max(max, Math.max(point.loss(), point.validationLoss().orElse(point.loss())));
    }
    boolean flat = !(max - min > 1e-9);
    this.low = points.isEmpty() ? 0 : flat ? min - 0.5 : min - 0.05 * (max - min);
    this.high = points.isEmpty() ? 1 : flat ? max + 0.5 : max + 0.05 * (max - min);
  }

  static String svg(LossCurve curve) {
    return new LossChart(curve.points()).draw();
  }

  private String draw() {
    Formatter svg = new Formatter(Locale.ROOT);
    svg.format(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" viewBox=\"0 0 %d %d\""
            + " font-family=\"sans-serif\" font-size=\"12\">%n",
        WIDTH, HEIGHT, WIDTH, HEIGHT);
    svg.format("<rect width=\"100%%\" height=\"100%%\" fill=\"white\"/>%n");
    axes(svg);
    int stride = Math.ceilDiv(Math.max(1, points.size()), MAX_DOTS);
    for (int i = 0; i < points.size(); i += stride) {
      LossCurve.Point point = points.get(i);
      svg.format(
          "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"1.5\" fill=\"#9ecae1\"/>%n",
          x((double) point.step()), y(point.loss()));
    }
    line(svg, smoothed(stride), "#08519c");
    line(svg, validations(), "#d94801");
    svg.format("<text x=\"%d\" y=\"22\" fill=\"#08519c\">training loss</text>%n", LEFT);
    if (!validations().isEmpty()) {
      svg.format("<text x=\"%d\" y=\"22\" fill=\"#d94801\">validation loss</text>%n", LEFT + 110);
    }
    svg.format("</svg>%n");
    return svg.toString();
  }

  private void axes(Formatter svg) {
    for (int i = 0; i <= TICKS; i++) {
      double loss = low + (high - low) * i / TICKS;
      double step = lastStep * i / TICKS;
      svg.format(
          "<line x1=\"%d\" y1=\"%.1f\" x2=\"%d\" y2=\"%.1f\" stroke=\"#dddddd\"/>%n",
          LEFT, y(loss), WIDTH - RIGHT, y(loss));
      svg.format(
          "<text x=\"%d\" y=\"%.1f\" text-anchor=\"end\">%.3f</text>%n",
          LEFT - 6, y(loss) + 4, loss);
      svg.format(
          "<text x=\"%.1f\" y=\"%d\" text-anchor=\"middle\">%.0f</text>%n",
          x(step), HEIGHT - BOTTOM + 18, step);
    }
    svg.format(
        "<text x=\"%d\" y=\"%d\" text-anchor=\"middle\">step</text>%n",
        (LEFT + WIDTH - RIGHT) / 2, HEIGHT - 6);
  }

  /** An exponential mean, corrected at its beginning as Adam's is. */
  private List<double[]> smoothed(int stride) {
    List<double[]> line = new ArrayList<>();
    double mean = 0;
    double share = 0;
    double decay = points.size() < 20 ? 0 : 0.95;
    for (int i = 0; i < points.size(); i++) {
      mean = decay * mean + (1 - decay) * points.get(i).loss();
      share = decay * share + (1 - decay);
      if (i % stride == 0 || i == points.size() - 1) {
        line.add(new double[] {points.get(i).step(), mean / share});
      }
    }
    return line;
  }

  private List<double[]> validations() {
    List<double[]> line = new ArrayList<>();
    for (LossCurve.Point point : points) {
      if (point.validationLoss().isPresent()) {
        line.add(new double[] {point.step(), point.validationLoss().getAsDouble()});
      }
    }
    return line;
  }

  private void line(Formatter svg, List<double[]> line, String colour) {
    if (line.isEmpty()) {
      return;
    }
    StringBuilder path = new StringBuilder();
    for (double[] point : line) {
      path.append(String.format(Locale.ROOT, "%.1f,%.1f ", x(point[0]), y(point[1])));
    }
    svg.format(
        "<polyline points=\"%s\" fill=\"none\" stroke=\"%s\" stroke-width=\"1.5\"/>%n",
        path.toString().strip(), colour);
  }

  private double x(double step) {
    return LEFT + (WIDTH - LEFT - RIGHT) * step / lastStep;
  }

  private double y(double loss) {
    return HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * (loss - low) / (high - low);
  }
}
