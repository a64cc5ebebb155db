package dev.wick.engine.tck.reference;

import dev.wick.engine.op.ArgReduce;
import dev.wick.engine.op.Reduce;

/** Combines elements along one axis. */
final class ReductionKernels {
  private ReductionKernels() {}

  static void reduce(Reduce reduce, Elements x, Elements out) {
    long extent = x.shape().extent(reduce.axis());
    long stride = x.layout().stride(reduce.axis());
    Cursor starts = starts(x, reduce.axis(), extent);
    long size = out.shape().size();
    for (long i = 0; i < size; i++) {
      long start = starts.next();
      double combined = identity(reduce.kind());
      for (long j = 0; j < extent; j++) {
        combined = combine(reduce.kind(), combined, x.number(start + j * stride));
      }
      out.set(i, combined);
    }
  }

  private static double identity(Reduce.Kind kind) {
    return switch (kind) {
      case SUM -> 0;
      case MAX -> Double.NEGATIVE_INFINITY;
      case MIN -> Double.POSITIVE_INFINITY;
    };
  }

  private static double combine(Reduce.Kind kind, double x, double y) {
    return switch (kind) {
      case SUM -> x + y;
      case MAX -> Math.max(x, y);
      case MIN -> Math.min(x, y);
    };
  }

  static void argReduce(ArgReduce argReduce, Elements x, Elements out) {
    long extent = x.shape().extent(argReduce.axis());
    long stride = x.layout().stride(argReduce.axis());
    double sign = argReduce.kind() == ArgReduce.Kind.MAX ? 1 : -1;
    Cursor starts = starts(x, argReduce.axis(), extent);
    long size = out.shape().size();
    for (long i = 0; i < size; i++) {
      long start = starts.next();
      int best = 0;
      double extreme = sign * x.number(start);
      for (int j = 1; j < extent && !Double.isNaN(extreme); j++) {
        double number = sign * x.number(start + j * stride);
        if (number > extreme || Double.isNaN(number)) {
          best = j;
          extreme = number;
        }
      }
      out.set(i, best);
    }
  }

  /** Walks the first element of every run along an axis. */
  private static Cursor starts(Elements x, int axis, long extent) {
    return new Cursor(extent == 0 ? x.layout() : x.layout().slice(axis, 0, 1));
  }
}
