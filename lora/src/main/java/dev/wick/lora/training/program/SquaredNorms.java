package dev.wick.lora.training.program;

import dev.wick.engine.Engine;
import dev.wick.engine.Tensor;
import dev.wick.engine.TensorScope;
import dev.wick.engine.model.Linear;
import dev.wick.engine.op.Expr;
import dev.wick.engine.tensor.DType;

/** Squared Euclidean norms of the rows of weights. */
final class SquaredNorms {
  /** Rows that are widened to F32 at a time. */
  private static final int CHUNK = 256;

  private SquaredNorms() {}

  /** The squared norms of the rows of a linear layer's weight, [out]. */
  static float[] of(Engine engine, Linear layer) {
    int out = Math.toIntExact(layer.out());
    float[] norms = new float[out];
    for (int begin = 0; begin < out; begin += CHUNK) {
      int end = Math.min(begin + CHUNK, out);
      try (TensorScope chunk = engine.newScope()) {
        Expr rows = chunk.adopt(layer.weight().tensor()).slice(0, begin, end).cast(DType.F32);
        float[] part = ((Tensor) rows.mul(rows).sum(1)).toFloatArray();
        System.arraycopy(part, 0, norms, begin, part.length);
      }
    }
    return norms;
  }
}
