package dev.wick.engine.tck;

import static org.assertj.core.api.Assertions.assertThat;

import dev.wick.engine.spi.BackendProvider;
import dev.wick.engine.spi.CommandQueue;
import dev.wick.engine.spi.Device;
import dev.wick.engine.spi.DeviceInfo;
import dev.wick.engine.spi.Probe;
import dev.wick.engine.tck.reference.ReferenceBackendProvider;
import dev.wick.engine.tensor.DType;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Backends with one fault each: the kit has to find every one. */
class BrokenBackendTest {
  static Stream<Arguments> asynchronousMistakes() {
    return Stream.of(
        Arguments.of(AsynchronousDevice.Mistake.FREES_EARLY, "b25", "closed"),
        Arguments.of(AsynchronousDevice.Mistake.UPLOADS_LATE, "b41", "-1 from before"),
        Arguments.of(AsynchronousDevice.Mistake.REVERSES, "b40", "element"),
        Arguments.of(AsynchronousDevice.Mistake.DOES_NOT_WAIT, "b43", "expected -1"),
        Arguments.of(AsynchronousDevice.Mistake.LOSES_ERRORS, "b44", "gather with index -1"));
  }

  @ParameterizedTest
  @MethodSource("asynchronousMistakes")
  void kit_onAnAsynchronousMistake_findsIt(
      AsynchronousDevice.Mistake mistake, String rule, String message) {
    assertThat(
            KitRun.failure(
                rule,
                DelegatingDevice.provider(device -> new AsynchronousDevice(device, mistake)),
                Set.of()))
        .as("failure of %s on a device that %s", rule, mistake)
        .hasValueSatisfying(failure -> assertThat(failure).hasMessageContaining(message));
  }

  @ParameterizedTest
  @MethodSource("dev.wick.engine.tck.Faults#all")
  void kit_onABackendWithAFault_findsIt(Faults.Fault fault) {
    assertThat(KitRun.failure(fault.rule(), DelegatingDevice.provider(fault.device()), Set.of()))
        .as("failure of %s on a backend that %s", fault.rule(), fault.name())
        .hasValueSatisfying(failure -> assertThat(failure).hasMessageContaining(fault.message()));
  }

  @Test
  void kit_onALeak_failsWhenTheDeviceCloses() {
    Function<Device, Device> leaking =
        device ->
            new DelegatingDevice(device) {
              @Override
              public CommandQueue newQueue() {
                // Kept for ever, as a pool without an end does.
                allocate(100);
                return super.newQueue();
              }
            };

    assertThat(KitRun.failure("b41", DelegatingDevice.provider(leaking), Set.of()))
        .hasValueSatisfying(
            failure -> assertThat(failure).hasMessageContaining("1 open with 100 bytes"));
  }

  @Test
  void gap_thatIsSupportedAfterAll_isAFailure() {
    BackendProvider reference = new ReferenceBackendProvider();

    assertThat(KitRun.failure("b05", reference, Set.of(Gap.dtype(DType.BF16).on("mat_mul"))))
        .hasValueSatisfying(
            failure -> assertThat(failure).hasMessageContaining("is declared, got yes"));
    assertThat(KitRun.failure("b05", reference, Set.of(Gap.op("no_such_op"))))
        .hasValueSatisfying(failure -> assertThat(failure).hasMessageContaining("some optional"));
  }

  @Test
  void provider_thatOpensAnyDevice_isFound() {
    BackendProvider careless =
        new BackendProvider() {
          private final BackendProvider reference = new ReferenceBackendProvider();

          @Override
          public int spiVersion() {
            return reference.spiVersion();
          }

          @Override
          public String name() {
            return "careless";
          }

          @Override
          public Probe probe() {
            return reference.probe();
          }

          @Override
          public Device open(DeviceInfo device) {
            return reference.open(((Probe.Available) probe()).devices().getFirst());
          }
        };

    assertThat(KitRun.failure("b01", careless, Set.of()))
        .hasValueSatisfying(
            failure -> assertThat(failure).hasMessageContaining("begins with careless:"));
    assertThat(KitRun.failure("b02", careless, Set.of()))
        .hasValueSatisfying(
            failure -> assertThat(failure).hasMessageContaining("open of an unknown device"));
  }
}
