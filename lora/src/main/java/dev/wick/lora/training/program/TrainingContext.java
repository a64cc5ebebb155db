package dev.wick.lora.training.program;

import dev.wick.engine.Tensor;
import dev.wick.engine.model.ForwardContext;
import dev.wick.engine.model.Linear;
import dev.wick.engine.model.Parameter;
import dev.wick.engine.op.Attention;
import dev.wick.engine.op.ExpertMatMul;
import dev.wick.engine.op.Expr;
import dev.wick.engine.op.Unary;
import dev.wick.engine.tensor.DType;
import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;

/**
 * A forward pass for training: whole sequences without a cache, with what is trained in the place
 * of, or beside, the model's weights. Frozen weights are used as they are stored.
 */
final class TrainingContext implements ForwardContext {
  private final TrainableSet set;
  private final Variables variables;
  private final boolean checkpointing;
  private final Dropout dropout;
  private final Expr tokens;
  private final Expr positions;
  private final Expr firstRows;

  /**
   * A pass over a batch.
   *
   * @param checkpointing whether blocks are computed a second time rather than kept
   */
  TrainingContext(
      TrainableSet set,
      Variables variables,
      boolean checkpointing,
      Dropout dropout,
      Expr tokens,
      Expr positions,
      Expr firstRows) {
    this.set = set;
    this.variables = variables;
    this.checkpointing = checkpointing;
    this.dropout = dropout;
    this.tokens = tokens;
    this.positions = positions;
    this.firstRows = firstRows;
  }

  /** The same pass with the variables of another tape. */
  TrainingContext with(Variables others, Dropout masks) {
    return new TrainingContext(set, others, checkpointing, masks, tokens, positions, firstRows);
  }

  @Override
  public Expr positions() {
    return positions;
  }

  @Override
  public Expr embed(Parameter table) {
    return source(table).gather(tokens).cast(DType.F32);
  }

  private Expr source(Parameter parameter) {
    Integer index = set.whole().get(parameter.name());
    return index == null ? parameter.tensor() : variables.get(index);
  }

  @Override
  public Expr linear(Linear layer, Expr x) {
    Expr y = x.linear(source(layer.weight()));
    LowRankSlot slot = set.lowRank().get(layer.name());
    if (slot != null) {
      Expr input = dropout.apply(layer.name(), x);
      Expr low = lowRank(slot, input); // [rows, out]
      y = slot.magnitude() < 0 ? y.add(low) : decomposed(layer, slot, y, input, low);
    }
    return layer.bias().isPresent() ? y.add(source(layer.bias().get())) : y;
  }

  /** {@code scale · (x · Aᵀ · Bᵀ + b)}, the scale taken where the least is to be multiplied. */
  private Expr lowRank(LowRankSlot slot, Expr x) {
    Expr a = variables.get(slot.a());
    Expr b = variables.get(slot.b());
    Expr low = x.matMul(a.transpose(0, 1)).mul(slot.scale()).matMul(b.transpose(0, 1));
    return slot.bias() < 0 ? low : low.add(variables.get(slot.bias()).mul(slot.scale()));
  }

  /**
   * DoRA as PEFT computes it: the norm of W + scale · B · A is a constant to the gradient, and
   * dropout applies to all but the unchanged product.
   */
  private Expr decomposed(Linear layer, LowRankSlot slot, Expr y, Expr input, Expr low) {
    Expr factor = variables.get(slot.magnitude()).div(norms(layer, slot)); // [out]
    if (!dropout.isActive()) {
      return y.add(low).mul(factor);
    }
    Expr dropped = input.linear(source(layer.weight()));
    return y.add(dropped.mul(factor.add(-1))).add(low.mul(factor));
  }

  /**
   * The norms of the rows of W + s · B · A, [out], without that matrix: {@code ‖w‖² + 2 s (W · Aᵀ)
   * · b + s² b · A · Aᵀ · bᵀ}.
   */
  private Expr norms(Linear layer, LowRankSlot slot) {
    Tensor a = variables.constant(slot.a());
    Tensor b = variables.constant(slot.b());
    Tensor weight = layer.weight().tensor();
    Expr own = positions.evaluator().adopt(a);
    Expr cross = own.linear(weight).transpose(0, 1).mul(b).sum(1); // [out, 1]
    Expr gram = own.matMul(a.transpose(0, 1)); // [rank, rank]
    Expr square = positions.evaluator().adopt(b).matMul(gram).mul(b).sum(1);
    double scale = slot.scale();
    return cross
        .mul(2 * scale)
        .add(square.mul(scale * scale))
        .reshape(layer.out())
        .add(variables.squaredNorms(layer))
        .unary(Unary.Kind.SQRT);
  }

  @Override
  public Expr experts(List<Linear> layers, Expr x, Expr chosen) {
    List<Expr> weights = layers.stream().map(layer -> source(layer.weight())).toList();
    Expr y = visit(x, chosen, weights);
    LowRankSlot first = set.lowRank().get(layers.getFirst().name());
    if (first == null) {
      return y;
    }
    List<LowRankSlot> slots = layers.stream().map(layer -> slot(layer, first)).toList();
    Expr input = dropout.apply(layers.getFirst().name(), x);
    Expr low = visit(input, chosen, slots.stream().map(s -> variables.get(s.a())).toList());
    Expr delta =
        visit(
            low.mul(first.scale()), chosen, slots.stream().map(s -> variables.get(s.b())).toList());
    return y.add(delta);
  }

  private LowRankSlot slot(Linear layer, LowRankSlot first) {
    LowRankSlot slot = set.lowRank().get(layer.name());
    if (slot == null || slot.scale() != first.scale() || slot.magnitude() >= 0) {
      throw new IllegalArgumentException(
          "training: expected all experts of a layer adapted alike and without DoRA, got another: "
              + layer.name());
    }
    return slot;
  }

  private static Expr visit(Expr x, Expr chosen, List<Expr> weights) {
    List<Expr> operands = new ArrayList<>(weights.size() + 2);
    operands.add(x);
    operands.add(chosen);
    operands.addAll(weights);
    return Expr.apply(new ExpertMatMul(), operands).getFirst();
  }

  @Override
  public Expr rmsNorm(Expr x, Parameter weight, float eps) {
    return x.rmsNorm(source(weight), eps);
  }

  @Override
  public Expr attend(int layer, Expr query, Expr key, Expr value, float scale, int window) {
    return Expr.apply(new Attention(scale, window), List.of(query, key, value, firstRows))
        .getFirst();
  }

  @Override
  public Expr block(Expr x, UnaryOperator<Expr> block) {
    return checkpointing ? variables.checkpoint(x, block) : block.apply(x);
  }

  @Override
  public void observe(String name, Expr value) {}
}
