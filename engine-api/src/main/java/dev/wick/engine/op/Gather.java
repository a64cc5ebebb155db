package dev.wick.engine.op;

import dev.wick.engine.tensor.DType;
import dev.wick.engine.tensor.Shape;
import dev.wick.engine.tensor.TensorSpec;
import java.util.Arrays;
import java.util.List;

/**
 * Rows of a table: table [rows, ...] of any type, indices I32 [...], result [indices..., row...] of
 * the same type. Rows of a quantised table are whole blocks. An index outside the table is an error
 * when the operation runs.
 */
public record Gather() implements PrimitiveOp {
  @Override
  public String name() {
    return "gather";
  }

  @Override
  public List<TensorSpec> infer(List<TensorSpec> operands) {
    Operands.count(this, operands, 2);
    Operands.dtype(this, operands, 1, DType.I32);
    TensorSpec table = operands.get(0);
    Operands.check(
        this,
        operands,
        table.shape().rank() >= 1
            && (!table.dtype().isQuantized()
                || (table.shape().rank() >= 2 && Operands.isBlocked(table))),
        "a table with at least one axis, whose rows are whole blocks if quantised");
    Shape indices = operands.get(1).shape();
    Shape row = table.shape().without(0);
    long[] result = Arrays.copyOf(indices.toArray(), indices.rank() + row.rank());
    System.arraycopy(row.toArray(), 0, result, indices.rank(), row.rank());
    return List.of(TensorSpec.of(table.dtype(), result));
  }
}
