package dev.wick.engine.nd4j.host;

import dev.wick.engine.op.ArgReduce;
import dev.wick.engine.op.Reduce;
import dev.wick.engine.tensor.Layout;
import dev.wick.engine.tensor.Shape;

/** Operations that combine the elements along one axis. Sums are taken in F64. */
public final class RowLoops {
  private RowLoops() {}

  /** Elements combined along an axis. */
  public static Kernel reduce(Reduce reduce, HostTensor x, HostTensor out) {
    return along(
        x,
        reduce.axis(),
        (start, count, stride, row) ->
            out.setF32(
                row,
                switch (reduce.kind()) {
                  case SUM -> (float) sum(x, start, count, stride);
                  case MAX -> max(x, start, count, stride);
                  case MIN -> min(x, start, count, stride);
                }));
  }

  private static double sum(HostTensor x, long start, long count, long stride) {
    double sum = 0;
    for (long i = 0; i < count; i++) {
      sum += x.f32(start + i * stride);
    }
    return sum;
  }

  private static float max(HostTensor x, long start, long count, long stride) {
    float max = Float.NEGATIVE_INFINITY;
    for (long i = 0; i < count; i++) {
      max = Math.max(max, x.f32(start + i * stride));
    }
    return max;
  }

  private static float min(HostTensor x, long start, long count, long stride) {
    float min = Float.POSITIVE_INFINITY;
    for (long i = 0; i < count; i++) {
      min = Math.min(min, x.f32(start + i * stride));
    }
    return min;
  }

  /** The index of the first extreme along an axis; a NaN is extreme. */
  public static Kernel argReduce(ArgReduce argReduce, HostTensor x, HostTensor out) {
    float sign = argReduce.kind() == ArgReduce.Kind.MAX ? 1 : -1;
    return along(
        x,
        argReduce.axis(),
        (start, count, stride, row) -> {
          int best = 0;
          float extreme = sign * x.f32(start);
          for (long i = 1; i < count && !Float.isNaN(extreme); i++) {
            float value = sign * x.f32(start + i * stride);
            if (value > extreme || Float.isNaN(value)) {
              best = (int) i;
              extreme = value;
            }
          }
          out.setI32(row, best);
        });
  }

  /** Softmax along the last axis. */
  public static Kernel softmax(HostTensor x, HostTensor out) {
    return along(
        x,
        -1,
        (start, count, stride, row) -> {
          float max = max(x, start, count, stride);
          double sum = 0;
          for (long i = 0; i < count; i++) {
            double exp = Math.exp(x.f32(start + i * stride) - max);
            out.setF32(row * count + i, (float) exp);
            sum += exp;
          }
          float factor = (float) (1 / sum);
          for (long i = 0; i < count; i++) {
            out.setF32(row * count + i, out.f32(row * count + i) * factor);
          }
        });
  }

  /** {@code log(sum(exp(x)))} along the last axis. */
  public static Kernel logSumExp(HostTensor x, HostTensor out) {
    return along(
        x,
        -1,
        (start, count, stride, row) -> {
          float max = max(x, start, count, stride);
          double sum = 0;
          for (long i = 0; i < count; i++) {
            sum += Math.exp(x.f32(start + i * stride) - max);
          }
          out.setF32(row, (float) (Math.log(sum) + max));
        });
  }

  /** Root-mean-square norm along the last axis. */
  public static Kernel rmsNorm(float eps, HostTensor x, HostTensor weight, HostTensor out) {
    long weightStep = weight.layout().stride(0);
    return along(
        x,
        -1,
        (start, count, stride, row) -> {
          double squares = 0;
          for (long i = 0; i < count; i++) {
            float value = x.f32(start + i * stride);
            squares += (double) value * value;
          }
          float factor = (float) (1 / Math.sqrt(squares / count + eps));
          for (long i = 0; i < count; i++) {
            float value = x.f32(start + i * stride) * factor * weight.f32(i * weightStep);
            out.setF32(row * count + i, value);
          }
        });
  }

  /** The k largest along the last axis, of equals the one with the lower index first. */
  public static Kernel topK(int k, HostTensor x, HostTensor values, HostTensor indices) {
    float[] best = new float[k];
    int[] where = new int[k];
    return along(
        x,
        -1,
        (start, count, stride, row) -> {
          int found = 0;
          for (long i = 0; i < count; i++) {
            float value = x.f32(start + i * stride);
            if (found == k && !isLarger(value, best[k - 1])) {
              continue;
            }
            int place = found < k ? found++ : k - 1;
            while (place > 0 && isLarger(value, best[place - 1])) {
              best[place] = best[place - 1];
              where[place] = where[place - 1];
              place--;
            }
            best[place] = value;
            where[place] = (int) i;
          }
          for (int i = 0; i < k; i++) {
            values.setF32(row * k + i, best[i]);
            indices.setI32(row * k + i, where[i]);
          }
        });
  }

  private static boolean isLarger(float a, float b) {
    return a > b || (Float.isNaN(a) && !Float.isNaN(b));
  }

  /** Rotary embedding of [tokens, heads, headDim] by cos and sin [tokens, half]. */
  public static Kernel rope(HostTensor x, HostTensor cos, HostTensor sin, HostTensor out) {
    Shape shape = x.shape();
    long heads = shape.extent(1);
    long headDim = shape.extent(2);
    long half = cos.shape().extent(1);
    Layout from = x.layout();
    return () -> {
      for (long token = 0; token < shape.extent(0); token++) {
        for (long head = 0; head < heads; head++) {
          long source = token * from.stride(0) + head * from.stride(1);
          long target = (token * heads + head) * headDim;
          for (long i = 0; i < half; i++) {
            float c = cos.f32(token * cos.layout().stride(0) + i * cos.layout().stride(1));
            float s = sin.f32(token * sin.layout().stride(0) + i * sin.layout().stride(1));
            float first = x.f32(source + i * from.stride(2));
            float second = x.f32(source + (i + half) * from.stride(2));
            out.setF32(target + i, first * c - second * s);
            out.setF32(target + i + half, second * c + first * s);
          }
          for (long i = 2 * half; i < headDim; i++) {
            out.setF32(target + i, x.f32(source + i * from.stride(2)));
          }
        }
      }
    };
  }

  /** Calls the loop for each run of elements along an axis, in row-major order of the others. */
  private static Kernel along(HostTensor x, int axis, AxisLoop loop) {
    Shape shape = x.shape();
    long count = shape.extent(axis);
    long stride = x.layout().stride(axis);
    Layout starts =
        count == 0 ? Layout.contiguous(shape.with(axis, 1)) : x.layout().slice(axis, 0, 1);
    RowWalk walk = new RowWalk(shape.with(axis, 1), starts);
    ElementwiseLoops.Output rows = new ElementwiseLoops.Output();
    return rows.kernel(
        walk,
        (at, runs) -> {
          long row = rows.take(runs);
          for (long i = 0; i < runs; i++) {
            loop.run(at[0] + i * walk.stride(0), count, stride, row + i);
          }
        });
  }

  /** What is done with the elements along an axis. */
  private interface AxisLoop {
    void run(long start, long count, long stride, long row);
  }
}
