package dev.wick.engine.nd4j.host;

import dev.wick.engine.tensor.Layout;
import dev.wick.engine.tensor.Shape;

/** Adds F32 elements to those of the target. */
final class RowAdd extends RowCopy {
  RowAdd(
      HostTensor source, Layout sourceLayout, HostTensor target, Layout targetLayout, Shape shape) {
    super(source, sourceLayout, target, targetLayout, shape);
  }

  @Override
  void move(long sourcePosition, long step, long targetPosition, long targetStep, long count) {
    for (long i = 0; i < count; i++) {
      long at = targetPosition + i * targetStep;
      target.setF32(at, target.f32(at) + source.f32(sourcePosition + i * step));
    }
  }
}
