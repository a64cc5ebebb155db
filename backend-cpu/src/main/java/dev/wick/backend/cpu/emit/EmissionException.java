package dev.wick.backend.cpu.emit;

import java.io.Serial;

/** Machine code cannot be used here; the message says why. */
final class EmissionException extends Exception {
  @Serial private static final long serialVersionUID = 1;

  private final String reason;

  EmissionException(String reason) {
    super(reason);
    this.reason = reason;
  }

  String reason() {
    return reason;
  }
}
