package dev.wick.parity;

import dev.wick.engine.BackendReport;
import dev.wick.engine.Engine;
import java.util.List;

/** The devices on which the reference data is checked. */
final class Devices {
  private Devices() {}

  /** The backends of {@code -Dwick.devices}, else cpu and nd4j. */
  static List<String> wanted() {
    return List.of(System.getProperty("wick.devices", "cpu,nd4j").split(","));
  }

  /** Why a wanted backend cannot run here, or nothing. */
  static String reasonAgainst(String backend) {
    return Engine.probe().stream()
        .filter(report -> report.backend().equals(backend))
        .findFirst()
        .map(report -> report.devices().isEmpty() ? report.toString() : "")
        .orElse(backend + ": not on the path, found " + names());
  }

  private static List<String> names() {
    return Engine.probe().stream().map(BackendReport::backend).toList();
  }
}
