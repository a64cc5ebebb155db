package dev.wick.engine.op;

import dev.wick.engine.tensor.DType;
import dev.wick.engine.tensor.TensorSpec;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * One application of an operation, seen from its results: what a gradient is computed from. What it
 * does not touch need not be kept until the backward pass.
 *
 * @param operands as the operation got them
 * @param results what it returned
 * @param gradients of the results, by index, F32 in the result's shape; at least one, and none
 *     where nothing depends on the result
 * @param wanted indices of the operands whose gradient is asked for
 */
public record Backward(
    List<Expr> operands, List<Expr> results, Map<Integer, Expr> gradients, Set<Integer> wanted) {
  public Backward {
    operands = List.copyOf(operands);
    results = List.copyOf(results);
    gradients = Map.copyOf(gradients);
    wanted = Set.copyOf(wanted);
    if (gradients.isEmpty()) {
      throw new IllegalArgumentException("backward: expected the gradient of a result, got none");
    }
  }

  /** An operand. */
  public Expr operand(int index) {
    return operands.get(index);
  }

  /** A result. */
  public Expr result(int index) {
    return results.get(index);
  }

  /** Whether the gradient of an operand is asked for. */
  public boolean wants(int operand) {
    return wanted.contains(operand);
  }

  /** Whether anything depends on a result. */
  public boolean hasGradient(int result) {
    return gradients.containsKey(result);
  }

  /** Gradient of a result; zeros where nothing depends on it. */
  public Expr gradient(int result) {
    Expr gradient = gradients.get(result);
    return gradient != null ? gradient : zeros(results.get(result).spec());
  }

  /** F32 zeros in a shape, in the same computation; contiguous memory of their own. */
  public Expr zeros(TensorSpec like) {
    Evaluator evaluator = gradients.values().iterator().next().evaluator();
    Iota zeros = new Iota(DType.F32, like.shape().size(), 0, 0);
    return evaluator.apply(zeros, List.of()).getFirst().reshape(like.shape().toArray());
  }
}
