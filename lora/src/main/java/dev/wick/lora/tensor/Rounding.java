package dev.wick.lora.tensor;

import dev.wick.engine.tensor.BFloat16;
import dev.wick.engine.tensor.DType;
import dev.wick.engine.tensor.HostTensor;
import dev.wick.engine.tensor.TensorSpec;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** Makes tensors of floats in a type that may be narrower, rounded to nearest even. */
public final class Rounding {
  private Rounding() {}

  public static HostTensor tensor(float[] values, DType dtype, long... extents) {
    if (dtype == DType.F32) {
      return HostTensor.of(values, extents);
    }
    TensorSpec spec = TensorSpec.of(dtype, extents);
    MemorySegment data = Arena.ofAuto().allocate(Math.max(2, spec.byteSize()), 64);
    for (int i = 0; i < values.length; i++) {
      short bits =
          dtype == DType.F16 ? Float.floatToFloat16(values[i]) : BFloat16.fromFloat(values[i]);
      data.setAtIndex(ValueLayout.JAVA_SHORT, i, bits);
    }
    return new HostTensor(spec, data.asSlice(0, spec.byteSize()));
  }
}
