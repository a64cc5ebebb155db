package dev.wick.lora.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LossCurveTest {
  private static LossCurve curve(int steps) {
    LossCurve curve = new LossCurve();
    for (int step = 1; step <= steps; step++) {
      curve.add(new StepReport(step, steps, 0, 3.0 / step, 1.5, 1e-4, 100, 0.5));
    }
    return curve;
  }

  @Test
  void csv_readBack_isTheSame(@TempDir Path folder) throws IOException {
    LossCurve curve = curve(30);
    curve.addValidation(0.12345678901234568);
    Path file = folder.resolve("loss.csv");

    curve.write(file);

    assertThat(LossCurve.read(file).points()).isEqualTo(curve.points());
    assertThat(Files.readAllLines(file))
        .hasSize(31)
        .last()
        .asString()
        .endsWith(",0.12345678901234568");
  }

  @Test
  void csv_damaged_isRefused(@TempDir Path folder) throws IOException {
    Path file = Files.writeString(folder.resolve("loss.csv"), "step\n1,2\n");

    assertThatThrownBy(() -> LossCurve.read(file))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("expected the columns step,epoch,loss");
  }

  @Test
  void svg_curve_hasADotPerStepAndBothLines() {
    LossCurve curve = curve(30);
    curve.addValidation(0.2);

    String svg = LossChart.svg(curve);

    assertThat(svg).startsWith("<svg").endsWith("</svg>\n").doesNotContain("NaN", "Infinity");
    assertThat(svg.split("<circle", -1)).hasSize(31);
    assertThat(svg).contains("validation loss").contains("<polyline");
  }

  @Test
  void svg_oneOrNoStep_isDrawn() {
    assertThat(LossChart.svg(curve(0))).doesNotContain("NaN");
    assertThat(LossChart.svg(curve(1))).doesNotContain("NaN").contains("<circle");
  }
}
