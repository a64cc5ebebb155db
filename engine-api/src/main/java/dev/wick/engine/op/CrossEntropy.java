package dev.wick.engine.op;

import dev.wick.engine.tensor.DType;
import dev.wick.engine.tensor.Shape;
import dev.wick.engine.tensor.TensorSpec;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;

/**
 * Cross-entropy of rows of logits with their labels, together with its gradient, so that the logits
 * need not be kept: the step from a chunk of rows to its gradient leaves nothing behind.
 *
 * <p>With p the softmax of a row, the loss is {@code -(1 - e) · log p[label] - e · mean(log p)},
 * where e is the label smoothing (Szegedy et al. 2015, arXiv:1512.00567). A row with a negative
 * label does not count: its loss and gradient are 0. A label beyond the vocabulary is an error when
 * the operation runs.
 *
 * <p>Operands: logits F32 [rows, vocab], labels I32 [rows], and as wished weights F32 [rows], the
 * factor on the loss of each row. Results: loss F32 [rows]; gradient F32 [rows, vocab] of each
 * row's loss by its logits.
 *
 * @param labelSmoothing e, at least 0 and below 1
 */
public record CrossEntropy(float labelSmoothing) implements DifferentiableOp {
  public CrossEntropy {
    if (!(labelSmoothing >= 0 && labelSmoothing < 1)) {
      throw new IllegalArgumentException(
          "cross_entropy: expected a label smoothing of at least 0 and below 1, got "
              + labelSmoothing);
    }
  }

  @Override
  public String name() {
    return "cross_entropy";
  }

  @Override
  public List<TensorSpec> infer(List<TensorSpec> operands) {
    Operands.check(this, operands, operands.size() == 2 || operands.size() == 3, "2 or 3 operands");
    Operands.dtype(this, operands, 0, DType.F32);
    Operands.dtype(this, operands, 1, DType.I32);
    Operands.rank(this, operands, 0, 2);
    Shape logits = operands.get(0).shape();
    Operands.check(
        this,
        operands,
        operands.get(1).shape().equals(logits.without(1)) && logits.extent(1) > 0,
        "logits of [rows, vocab] and labels of [rows]");
    if (operands.size() == 3) {
      Operands.dtype(this, operands, 2, DType.F32);
      Operands.check(
          this,
          operands,
          operands.get(2).shape().equals(logits.without(1)),
          "logits of [rows, vocab] and weights of [rows]");
    }
    return List.of(operands.get(0).withShape(logits.without(1)), operands.get(0));
  }

  /** The gradient of the rows may replace their logits, unless smoothing reads these twice. */
  @Override
  public OptionalInt replaceableOperand(int result) {
    return result == 1 && labelSmoothing == 0 ? OptionalInt.of(0) : OptionalInt.empty();
  }

  @Override
  public List<Expr> decompose(List<Expr> operands) {
    Expr logits = operands.get(0);
    long rows = logits.extent(0);
    long vocab = logits.extent(1);
    Expr label = operands.get(1).reshape(rows, 1);
    Expr counts = label.compare(Compare.Kind.GE, label.constant(0));
    Expr columns = label.range(vocab);
    // Looked up, so that a label beyond the vocabulary is an error.
    Expr column = columns.gather(counts.select(label, label.constant(0)));
    Expr here = columns.compare(Compare.Kind.EQ, column); // [rows, vocab]
    Expr zero = logits.constant(0);
    // The loss does not change when a row is shifted; around 0 nothing large cancels.
    Expr shifted = logits.sub(logits.max(1));
    Expr logSumExp = shifted.unary(Unary.Kind.EXP).sum(1).unary(Unary.Kind.LOG);
    Expr target = here.select(shifted, zero).sum(1);
    Expr loss = logSumExp.sub(target.mul(1 - labelSmoothing));
    if (labelSmoothing > 0) {
      loss = loss.sub(shifted.mean(1).mul(labelSmoothing));
    }
    Expr even = logits.constant(labelSmoothing / vocab);
    Expr aim = here.select(even.add(1 - labelSmoothing), even);
    Expr gradient = shifted.sub(logSumExp).unary(Unary.Kind.EXP).sub(aim);
    loss = counts.select(loss, zero).reshape(rows);
    gradient = counts.select(gradient, zero);
    if (operands.size() == 2) {
      return List.of(loss, gradient);
    }
    Expr weights = operands.get(2);
    return List.of(loss.mul(weights), gradient.mul(weights.reshape(rows, 1)));
  }

  @Override
  public Map<Integer, Expr> gradient(Backward backward) {
    Map<Integer, Expr> gradients = new HashMap<>();
    if (backward.wants(0)) {
      Expr gradient = backward.result(1);
      Expr ofLogits = gradient.mul(backward.gradient(0).reshape(gradient.extent(0), 1));
      gradients.put(0, backward.hasGradient(1) ? ofLogits.add(second(backward)) : ofLogits);
    }
    if (backward.wants(2)) {
      List<Expr> unweighted = Expr.apply(this, backward.operands().subList(0, 2));
      Expr ofLoss = unweighted.get(0).mul(backward.gradient(0));
      Expr ofGradient = unweighted.get(1).mul(backward.gradient(1)).sum(1);
      gradients.put(2, backward.hasGradient(1) ? ofLoss.add(ofGradient) : ofLoss);
    }
    return gradients;
  }

  /** The part that comes through the gradient, whose derivative is that of the softmax. */
  private static Expr second(Backward backward) {
    Expr p = backward.operand(0).softmax();
    long rows = p.extent(0);
    Expr outer = backward.gradient(1);
    if (backward.operands().size() == 3) {
      outer = outer.mul(backward.operand(2).reshape(rows, 1));
    }
    Expr label = backward.operand(1).reshape(rows, 1);
    return label
        .compare(Compare.Kind.GE, label.constant(0))
        .select(p.mul(outer.sub(p.mul(outer).sum(1))), p.constant(0));
  }
}
