package dev.wick.engine.nd4j.host;

import dev.wick.engine.tensor.Layout;
import dev.wick.engine.tensor.Shape;

/** Copies elements of one shape between layouts, again and again from and to other places. */
class RowCopy {
  final HostTensor source;
  final HostTensor target;
  private final RowWalk walk;
  private final RowWalk.RunLoop loop;
  private long from;
  private long to;

  RowCopy(
      HostTensor source, Layout sourceLayout, HostTensor target, Layout targetLayout, Shape shape) {
    this.source = source;
    this.target = target;
    this.walk = new RowWalk(shape, sourceLayout, targetLayout);
    long step = walk.stride(0);
    long targetStep = walk.stride(1);
    this.loop = (at, count) -> move(from + at[0], step, to + at[1], targetStep, count);
  }

  /** Copies from one position to another. */
  final void run(long sourcePosition, long targetPosition) {
    from = sourcePosition;
    to = targetPosition;
    walk.forEach(loop);
  }

  /** Moves one run of elements. */
  void move(long sourcePosition, long step, long targetPosition, long targetStep, long count) {
    if (step == 1 && targetStep == 1) {
      target.copyRun(targetPosition, source, sourcePosition, count);
      return;
    }
    switch (source.dtype().blockBytes()) {
      case 4 -> {
        for (long i = 0; i < count; i++) {
          target.setI32(targetPosition + i * targetStep, source.i32(sourcePosition + i * step));
        }
      }
      case 2 -> {
        for (long i = 0; i < count; i++) {
          target.setI16(targetPosition + i * targetStep, source.i16(sourcePosition + i * step));
        }
      }
      default -> {
        for (long i = 0; i < count; i++) {
          target.copyRun(targetPosition + i * targetStep, source, sourcePosition + i * step, 1);
        }
      }
    }
  }
}
