package dev.wick.engine.op;

import dev.wick.engine.tensor.DType;
import dev.wick.engine.tensor.Shape;
import dev.wick.engine.tensor.TensorSpec;
import java.util.List;

/**
 * A linear layer whose weight is chosen per row among experts (mixture of experts, Shazeer et al.
 * 2017, arXiv:1701.06538).
 *
 * <p>Operands: x F32 [tokens, slots or 1, in]; experts I32 [tokens, slots], each in {@code 0 ..
 * weights - 1}; then one weight per expert, F32, F16 or BF16 [out, in]. Result: F32 [tokens, slots,
 * out].
 */
public record ExpertMatMul() implements FusedOp {
  @Override
  public String name() {
    return "expert_mat_mul";
  }

  @Override
  public List<TensorSpec> infer(List<TensorSpec> operands) {
    Operands.check(this, operands, operands.size() >= 3, "x, experts and at least one weight");
    Operands.dtype(this, operands, 0, DType.F32);
    Operands.dtype(this, operands, 1, DType.I32);
    Operands.rank(this, operands, 0, 3);
    Operands.rank(this, operands, 1, 2);
    Shape x = operands.get(0).shape();
    Shape experts = operands.get(1).shape();
    Operands.check(
        this,
        operands,
        x.extent(0) == experts.extent(0) && (x.extent(1) == 1 || x.extent(1) == experts.extent(1)),
        "experts of [tokens, slots] and x of [tokens, slots or 1, in]");
    TensorSpec weight = operands.get(2);
    DType dtype = weight.dtype();
    Operands.check(
        this,
        operands,
        (dtype == DType.F32 || dtype == DType.F16 || dtype == DType.BF16)
            && weight.shape().rank() == 2
            && weight.shape().extent(1) == x.extent(2),
        "weights of [out, in] in F32, F16 or BF16");
    for (TensorSpec other : operands.subList(2, operands.size())) {
      Operands.check(this, operands, other.equals(weight), "weights of one type and shape");
    }
    return List.of(
        TensorSpec.of(DType.F32, x.extent(0), experts.extent(1), weight.shape().extent(0)));
  }

  @Override
  public List<Expr> decompose(List<Expr> operands) {
    Expr x = operands.get(0);
    Expr experts = operands.get(1);
    long tokens = x.extent(0);
    long slots = experts.extent(1);
    Expr chosen = experts.reshape(tokens, slots, 1);
    Expr result = x.constant(0).broadcast(Shape.of(tokens, slots, operands.get(2).extent(0)));
    for (int expert = 0; expert < operands.size() - 2; expert++) {
      Expr product = x.matMul(operands.get(expert + 2).transpose(0, 1));
      Expr here = chosen.compare(Compare.Kind.EQ, chosen.constant(expert));
      result = here.select(product, result);
    }
    return List.of(result.contiguous());
  }
}
