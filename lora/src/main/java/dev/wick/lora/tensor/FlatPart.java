package dev.wick.lora.tensor;

import dev.wick.engine.tensor.HostTensor;
import dev.wick.engine.tensor.TensorSpec;

/** A run of elements of a tensor. */
public final class FlatPart {
  private FlatPart() {}

  public static HostTensor of(HostTensor tensor, long begin, long count) {
    TensorSpec spec = TensorSpec.of(tensor.spec().dtype(), count);
    long width = spec.dtype().blockBytes();
    return new HostTensor(spec, tensor.data().asSlice(begin * width, spec.byteSize()));
  }
}
