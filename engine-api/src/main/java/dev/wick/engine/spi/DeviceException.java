package dev.wick.engine.spi;

import dev.wick.engine.tensor.EngineException;

/** A device or its driver failed; the message names device, call and code. */
public class DeviceException extends EngineException {
  private static final long serialVersionUID = 1L;

  public DeviceException(String message) {
    super(message);
  }

  public DeviceException(String message, Throwable cause) {
    super(message, cause);
  }
}
