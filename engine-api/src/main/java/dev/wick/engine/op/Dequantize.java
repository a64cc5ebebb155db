package dev.wick.engine.op;

import dev.wick.engine.tensor.DType;
import dev.wick.engine.tensor.TensorSpec;
import java.util.List;

/** Expands blocks of a quantised type to F32 of the same shape. */
public record Dequantize() implements PrimitiveOp {
  @Override
  public String name() {
    return "dequantize";
  }

  @Override
  public List<TensorSpec> infer(List<TensorSpec> operands) {
    Operands.count(this, operands, 1);
    Operands.check(this, operands, operands.get(0).dtype().isQuantized(), "a quantised type");
    return List.of(operands.get(0).withDType(DType.F32));
  }
}
