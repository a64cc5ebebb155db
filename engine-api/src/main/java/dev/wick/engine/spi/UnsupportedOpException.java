package dev.wick.engine.spi;

import dev.wick.engine.op.Op;
import dev.wick.engine.tensor.EngineException;
import dev.wick.engine.tensor.TensorSpec;
import java.util.List;

/** A device has no kernel for an operation on such operands, and falling back is not possible. */
public final class UnsupportedOpException extends EngineException {
  private static final long serialVersionUID = 1L;

  /**
   * @param device id of the device
   * @param remedy what the caller can do
   */
  public UnsupportedOpException(String device, Op op, List<TensorSpec> operands, String remedy) {
    super(
        "%s: expected a kernel on %s, got none for %s; %s"
            .formatted(op.name(), device, operands, remedy));
  }
}
