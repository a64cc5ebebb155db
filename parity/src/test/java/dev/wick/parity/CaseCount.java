package dev.wick.parity;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.DynamicTest;

/**
 * Collects the cases of one part of the reference data, counts those that ran, and ends with a test
 * that holds the count against the manifest, so that no case is lost in silence.
 */
final class CaseCount {
  private final String part;
  private final List<DynamicTest> tests = new ArrayList<>();
  private final AtomicInteger ran = new AtomicInteger();
  private int skipped;

  CaseCount(String part) {
    this.part = part;
  }

  void add(String name, Case body) {
    tests.add(
        DynamicTest.dynamicTest(
            name,
            () -> {
              ran.incrementAndGet();
              body.run();
            }));
  }

  /** A case of a model on a device, skipped where one of them is not there. */
  void add(String device, GoldenModel golden, String name, Case body) {
    String against = Devices.reasonAgainst(device);
    if (!against.isEmpty()) {
      skip(name, against);
    } else if (!golden.isSupported()) {
      skip(name, "no module provides model type " + golden.modelType());
    } else {
      add(name, body);
    }
  }

  /** A case that cannot run, shown as skipped with the reason. */
  void skip(String name, String reason) {
    skipped++;
    tests.add(DynamicTest.dynamicTest(name, () -> Assumptions.abort(reason)));
  }

  /** All cases, and the count. */
  List<DynamicTest> tests(int inManifest) {
    List<DynamicTest> all = new ArrayList<>(tests);
    all.add(
        DynamicTest.dynamicTest(
            "%s: %d cases in the manifest, %d skipped".formatted(part, inManifest, skipped),
            () -> {
              System.out.printf(
                  "%s: ran %d of %d cases, %d skipped%n", part, ran.get(), inManifest, skipped);
              assertThat(ran.get() + skipped).as("cases of %s", part).isEqualTo(inManifest);
            }));
    return all;
  }

  /** What a case does. */
  @FunctionalInterface
  interface Case {
    void run() throws Exception;
  }
}
