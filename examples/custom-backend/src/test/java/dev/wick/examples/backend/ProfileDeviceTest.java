package dev.wick.examples.backend;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.wick.engine.Engine;
import dev.wick.engine.FallbackMode;
import dev.wick.engine.Program;
import dev.wick.engine.Tensor;
import dev.wick.engine.TensorScope;
import dev.wick.engine.op.MatMul;
import dev.wick.engine.spi.DeviceException;
import dev.wick.engine.spi.DeviceInfo;
import dev.wick.engine.spi.Probe;
import dev.wick.engine.tensor.DType;
import dev.wick.engine.tensor.TensorSpec;
import java.lang.foreign.MemorySegment;
import org.junit.jupiter.api.Test;

class ProfileDeviceTest {
  private static DeviceInfo profiledCpu() {
    return ((Probe.Available) new ProfileBackendProvider().probe())
        .devices().stream()
            .filter(device -> device.id().equals("profile:cpu:0"))
            .findFirst()
            .orElseThrow();
  }

  @Test
  void engine_open_takesTheDeviceByItsNameOnly() {
    try (Engine named = Engine.open("profile:cpu:0");
        Engine automatic = Engine.open("auto")) {
      assertThat(named.info().id()).isEqualTo("profile:cpu:0");
      assertThat(automatic.info().id()).isEqualTo("cpu:0");
    }
  }

  @Test
  void open_deviceThatWasNotOffered_namesThoseThatWere() {
    DeviceInfo other =
        new DeviceInfo("profile:abacus:0", DeviceInfo.Kind.FALLBACK, "beads", 0, true);

    assertThatThrownBy(() -> new ProfileBackendProvider().open(other))
        .isInstanceOf(DeviceException.class)
        .hasMessageStartingWith("profile: open: expected one of [")
        .hasMessageContaining("profile:cpu:0")
        .hasMessageEndingWith("got profile:abacus:0");
  }

  @Test
  void operations_atOnceAndRecorded_areCountedByName() {
    ProfileDevice device = (ProfileDevice) new ProfileBackendProvider().open(profiledCpu());
    float[] product = new float[1];

    try (Engine engine = Engine.of(device, FallbackMode.ALLOW)) {
      try (TensorScope scope = engine.newScope()) {
        var row = scope.tensor(new float[] {1, 2}, 1, 2);
        assertThat(((Tensor) row.matMul(row.transpose(0, 1))).item()).isEqualTo(5);
      }
      try (Program program =
          engine.trace(
              tracer -> {
                var x = tracer.input("x", TensorSpec.of(DType.F32, 1, 2));
                tracer.output("y", x.matMul(x.transpose(0, 1)));
              })) {
        for (int i = 1; i <= 3; i++) {
          program.write("x", MemorySegment.ofArray(new float[] {i, i}));
          program.run();
          program.read("y", MemorySegment.ofArray(product));
          assertThat(product[0]).isEqualTo(2f * i * i);
        }
      }
    }

    Profile.Entry matMul = device.profile().entry(new MatMul());
    assertThat(matMul.calls()).isEqualTo(4);
    assertThat(matMul.nanos()).isPositive();
    assertThat(device.profile().report("cpu:0"))
        .startsWith("operations on cpu:0")
        .containsPattern("mat_mul +4 +[0-9.]+");
  }
}
