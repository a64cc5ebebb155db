package dev.wick.engine.op;

import dev.wick.engine.tensor.DType;
import dev.wick.engine.tensor.Shape;
import dev.wick.engine.tensor.TensorSpec;
import java.util.List;
import java.util.Map;

/**
 * Cross-entropy of rows of logits with their labels, together with its gradient, so that the logits
 * need not be kept: the step from a chunk of rows to its gradient leaves nothing behind.
 *
 * <p>With p the softmax of a row, the loss is {@code -(1 - e) · log p[label] - e · mean(log p)},
 * where e is the label smoothing (Szegedy et al. 2015, arXiv:1512.00567). A row with a negative
 * label does not count: its loss and gradient are 0. A label beyond the vocabulary is an error when
 * the operation runs.
 *
 * <p>Operands: logits F32 [rows, vocab], labels I32 [rows]. Results: loss F32 [rows]; gradient F32
 * [rows, vocab] of each row's loss by its logits.
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
    Operands.count(this, operands, 2);
    Operands.dtype(this, operands, 0, DType.F32);
    Operands.dtype(this, operands, 1, DType.I32);
    Operands.rank(this, operands, 0, 2);
    Shape logits = operands.get(0).shape();
    Operands.check(
        this,
        operands,
        operands.get(1).shape().equals(logits.without(1)) && logits.extent(1) > 0,
        "logits of [rows, vocab] and labels of [rows]");
    return List.of(operands.get(0).withShape(logits.without(1)), operands.get(0));
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
    return List.of(counts.select(loss, zero).reshape(rows), counts.select(gradient, zero));
  }

  @Override
  public Map<Integer, Expr> gradient(Backward backward) {
    Expr gradient = backward.result(1);
    long rows = gradient.extent(0);
    Expr ofLogits = gradient.mul(backward.gradient(0).reshape(rows, 1));
    return Map.of(0, backward.hasGradient(1) ? ofLogits.add(second(backward)) : ofLogits);
  }

  /** The part that comes through the gradient, whose derivative is that of the softmax. */
  private static Expr second(Backward backward) {
    Expr p = backward.operand(0).softmax();
    Expr outer = backward.gradient(1);
    Expr label = backward.operand(1).reshape(p.extent(0), 1);
    return label
        .compare(Compare.Kind.GE, label.constant(0))
        .select(p.mul(outer.sub(p.mul(outer).sum(1))), p.constant(0));
  }
}
