package dev.wick.backend.cpu;

import static org.assertj.core.api.Assertions.assertThat;

import dev.wick.engine.spi.Probe;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class CpuBackendProviderTest {
  @ParameterizedTest
  @CsvSource({
    "wick.cpu.activations, int4, 'wick.cpu.activations: expected f32, bf16 or int8, got int4'",
    "wick.cpu.threads, 0, 'wick.cpu.threads is 0'",
    "wick.cpu.threads, two, 'wick.cpu.threads is two'"
  })
  void probe_unknownSetting_saysWhichOnesThereAre(String property, String value, String reason) {
    System.setProperty(property, value);
    try {
      Probe probe = new CpuBackendProvider().probe();

      assertThat(probe)
          .isInstanceOfSatisfying(
              Probe.Unavailable.class,
              unavailable -> assertThat(unavailable.reason()).isEqualTo(reason));
    } finally {
      System.clearProperty(property);
    }
  }
}
