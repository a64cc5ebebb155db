package dev.wick.examples;

import dev.wick.engine.BackendReport;
import dev.wick.engine.Engine;
import dev.wick.engine.FallbackMode;
import dev.wick.engine.Tensor;
import dev.wick.engine.TensorScope;
import dev.wick.engine.op.MatMul;
import dev.wick.engine.spi.DeviceInfo;
import dev.wick.engine.spi.Probe;
import dev.wick.engine.tensor.DType;
import dev.wick.engine.tensor.TensorSpec;
import java.util.Arrays;
import java.util.List;

/** Looks which devices there are and why others are not, opens one and computes on it. */
public final class PickDevice {
  private PickDevice() {}

  /** {@code [--device NAME]}. */
  public static void main(String... args) {
    Arguments arguments = Arguments.parse(args);
    for (BackendReport report : Engine.probe()) {
      switch (report.probe()) {
        case Probe.Available(List<DeviceInfo> devices) ->
            devices.forEach(
                device -> System.out.printf("%-16s %s%n", device.id(), device.description()));
        case Probe.Unavailable(String reason, String remedy) ->
            System.out.printf("%-16s not here: %s; %s%n", report.backend(), reason, remedy);
      }
    }

    // REQUIRE_FUSED would make it an error if a fused operation had no kernel of its own.
    try (Engine engine = Engine.open(arguments.device(), FallbackMode.ALLOW)) {
      System.out.println("opened " + engine.info().id());
      for (DType dtype : List.of(DType.F32, DType.BF16, DType.F16)) {
        List<TensorSpec> operands =
            List.of(TensorSpec.of(DType.F32, 1, 64), TensorSpec.of(dtype, 64, 64));
        boolean supported = engine.device().supports(new MatMul(), operands);
        System.out.printf("weights in %s: %s%n", dtype, supported ? "as they are" : "widened");
      }
      try (TensorScope scope = engine.newScope()) {
        Tensor x = scope.tensor(new float[] {1, 2, 3, 4}, 2, 2); // [2, 2]
        Tensor y = (Tensor) x.matMul(x.transpose(0, 1)).softmax(); // [2, 2]
        System.out.println("softmax(x · xᵀ) = " + Arrays.toString(y.toFloatArray()));
      }
      System.out.println("run as decompositions: " + engine.fallbacks());
    }
  }
}
