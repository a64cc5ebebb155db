package dev.wick.engine.op;

import dev.wick.engine.tensor.DType;
import dev.wick.engine.tensor.Shape;
import dev.wick.engine.tensor.TensorSpec;
import java.util.Arrays;
import java.util.List;

/**
 * Matrix product {@code a · b} with F32 accumulation: a F32 [..., m, k], b F32, F16 or BF16 [...,
 * k, n], result F32 [..., m, n]; leading axes broadcast. A linear layer passes its weight [n, k] as
 * a transposed view.
 */
public record MatMul() implements PrimitiveOp {
  @Override
  public String name() {
    return "mat_mul";
  }

  @Override
  public List<TensorSpec> infer(List<TensorSpec> operands) {
    Operands.count(this, operands, 2);
    Operands.dtype(this, operands, 0, DType.F32);
    Shape a = operands.get(0).shape();
    Shape b = operands.get(1).shape();
    DType weights = operands.get(1).dtype();
    Operands.check(
        this,
        operands,
        weights == DType.F32 || weights == DType.F16 || weights == DType.BF16,
        "b in F32, F16 or BF16 (dequantize or cast it first)");
    Operands.check(this, operands, a.rank() >= 2 && b.rank() >= 2, "operands of rank 2 or more");
    Operands.check(this, operands, a.extent(-1) == b.extent(-2), "equal inner extents");
    Shape batch = Shape.broadcast(a.without(-1).without(-1), b.without(-1).without(-1));
    long[] result = Arrays.copyOf(batch.toArray(), batch.rank() + 2);
    result[batch.rank()] = a.extent(-2);
    result[batch.rank() + 1] = b.extent(-1);
    return List.of(TensorSpec.of(DType.F32, result));
  }
}
