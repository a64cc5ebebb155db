package dev.wick.engine.nd4j;

import dev.wick.engine.nd4j.host.Kernel;
import dev.wick.engine.spi.DeviceException;
import java.lang.ref.Reference;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.api.ops.DynamicCustomOp;
import org.nd4j.linalg.api.ops.OpContext;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.nativeblas.NativeOps;
import org.nd4j.nativeblas.NativeOpsHolder;

/**
 * A call of one of ND4J's native operations whose arrays are set once. Running it again costs one
 * native call and allocates nothing.
 */
final class CustomOp implements Kernel {
  private final String name;
  private final long hash;
  private final OpContext context = Nd4j.getExecutioner().buildContext();
  private final NativeOps natives = NativeOpsHolder.getInstance().getDeviceNativeOps();

  CustomOp(String name) {
    this.name = name;
    this.hash = DynamicCustomOp.builder(name).build().opHash();
  }

  CustomOp integers(long... arguments) {
    context.setIArguments(arguments);
    return this;
  }

  CustomOp numbers(double... arguments) {
    context.setTArguments(arguments);
    return this;
  }

  CustomOp flags(boolean... arguments) {
    context.setBArguments(arguments);
    return this;
  }

  /** Sets or replaces the arrays. */
  CustomOp arrays(INDArray result, INDArray... operands) {
    // Without it, the native context would keep the arrays of before as well.
    context.purge();
    for (int i = 0; i < operands.length; i++) {
      context.setInputArray(i, operands[i]);
    }
    context.setOutputArray(0, result);
    return this;
  }

  @Override
  public void run() {
    try {
      int status = natives.execCustomOp2(null, hash, context.contextPointer());
      if (status != 0) {
        throw new DeviceException(
            "nd4j: %s: expected status 0, got %d: %s"
                .formatted(name, status, natives.lastErrorMessage()));
      }
    } finally {
      // ND4J frees a context that is not reachable, also one that is at work.
      Reference.reachabilityFence(context);
    }
  }
}
