package dev.wick.engine.op;

import dev.wick.engine.tensor.DType;
import dev.wick.engine.tensor.Shape;
import dev.wick.engine.tensor.TensorSpec;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * A linear layer whose weight is chosen per row among experts (mixture of experts, Shazeer et al.
 * 2017, arXiv:1701.06538).
 *
 * <p>Operands: x F32 [tokens, slots or 1, in]; experts I32 [tokens, slots], each in {@code 0 ..
 * weights - 1}; then one weight per expert, F32, F16, BF16 or quantised [out, in]. Result: F32
 * [tokens, slots, out].
 *
 * @param flipped whether the weights are [in, out] instead: quantised ones cannot be viewed
 *     transposed, and the gradient needs them so
 */
public record ExpertMatMul(boolean flipped) implements DifferentiableOp {
  /** The product with weights [out, in]. */
  public ExpertMatMul() {
    this(false);
  }

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
        (dtype == DType.F32
                || dtype == DType.F16
                || dtype == DType.BF16
                || Operands.isBlocked(weight))
            && weight.shape().rank() == 2
            && weight.shape().extent(flipped ? 0 : 1) == x.extent(2),
        "weights of %s in F32, F16, BF16 or whole blocks"
            .formatted(flipped ? "[in, out]" : "[out, in]"));
    for (TensorSpec other : operands.subList(2, operands.size())) {
      Operands.check(this, operands, other.equals(weight), "weights of one type and shape");
    }
    return List.of(
        TensorSpec.of(
            DType.F32, x.extent(0), experts.extent(1), weight.shape().extent(flipped ? 1 : 0)));
  }

  @Override
  public List<Expr> decompose(List<Expr> operands) {
    Expr x = operands.get(0);
    Expr experts = operands.get(1);
    long tokens = x.extent(0);
    long slots = experts.extent(1);
    Expr chosen = experts.reshape(tokens, slots, 1);
    long out = operands.get(2).extent(flipped ? 1 : 0);
    Expr result = x.constant(0).broadcast(Shape.of(tokens, slots, out));
    for (int expert = 0; expert < operands.size() - 2; expert++) {
      Expr product = product(x, operands.get(expert + 2));
      Expr here = chosen.compare(Compare.Kind.EQ, chosen.constant(expert));
      result = here.select(product, result);
    }
    return List.of(result.contiguous());
  }

  private Expr product(Expr x, Expr weight) {
    if (weight.dtype().isQuantized()) {
      return x.apply(new QuantizedMatMul(!flipped), weight);
    }
    return x.matMul(flipped ? weight : weight.transpose(0, 1));
  }

  /** Another expert product with the weights transposed; a weight is touched only if watched. */
  @Override
  public Map<Integer, Expr> gradient(Backward backward) {
    Expr x = backward.operand(0);
    Expr experts = backward.operand(1);
    Expr gradient = backward.gradient(0);
    long tokens = x.extent(0);
    long slots = experts.extent(1);
    Map<Integer, Expr> gradients = new TreeMap<>();
    if (backward.wants(0)) {
      List<Expr> operands = new ArrayList<>(List.of(gradient, experts));
      for (Expr weight : backward.operands().subList(2, backward.operands().size())) {
        operands.add(weight.dtype().isQuantized() ? weight : weight.transpose(0, 1));
      }
      boolean blocks = operands.getLast().dtype().isQuantized();
      Expr ofX = Expr.apply(blocks ? new ExpertMatMul(!flipped) : this, operands).getFirst();
      gradients.put(0, x.extent(1) == slots ? ofX : ofX.sum(1));
    }
    Expr rows = x.broadcast(Shape.of(tokens, slots, x.extent(2)));
    for (int i = 2; i < backward.operands().size(); i++) {
      if (backward.wants(i)) {
        Expr here =
            experts.compare(Compare.Kind.EQ, experts.constant(i - 2)).reshape(tokens, slots, 1);
        Expr own = here.select(gradient, gradient.constant(0));
        Expr ofRows = own.reshape(tokens * slots, gradient.extent(2)).transpose(0, 1);
        Expr ofWeight = ofRows.matMul(rows.reshape(tokens * slots, x.extent(2)));
        gradients.put(i, flipped ? ofWeight.transpose(0, 1).contiguous() : ofWeight);
      }
    }
    return gradients;
  }
}
