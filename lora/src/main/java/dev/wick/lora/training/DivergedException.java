package dev.wick.lora.training;

import dev.wick.engine.tensor.EngineException;

/**
 * A loss or gradient is not finite: the run has ended, before the step changed anything. The last
 * checkpoint is good.
 */
public final class DivergedException extends EngineException {
  private static final long serialVersionUID = 1L;

  private final long step;

  DivergedException(long step, double loss, double gradientNorm) {
    super(
        "training: expected a finite loss and gradient, got loss %s and gradient norm %s in step %d"
                .formatted(loss, gradientNorm, step)
            + "; lower the learning rate, warm up longer or clip gradients, and resume from the"
            + " last checkpoint");
    this.step = step;
  }

  /** The step, 1 for the first. */
  public long step() {
    return step;
  }
}
