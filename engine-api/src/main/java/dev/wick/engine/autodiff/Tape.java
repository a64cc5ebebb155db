package dev.wick.engine.autodiff;

import dev.wick.engine.op.Copy;
import dev.wick.engine.op.Evaluator;
import dev.wick.engine.op.Expr;
import dev.wick.engine.op.Iota;
import dev.wick.engine.op.Op;
import dev.wick.engine.tensor.DType;
import dev.wick.engine.tensor.TensorSpec;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.NavigableMap;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Function;

/**
 * Records how values come from watched ones, and differentiates them in reverse (reverse mode,
 * Griewank and Walther 2008, Evaluating Derivatives, chapter 3).
 *
 * <p>A tape stands over another evaluator, which does the computing, forwards and backwards: over a
 * scope, gradients are there at once; over a trace, they become part of the program, and what the
 * backward pass does not use is forgotten as early as without a tape.
 *
 * {@snippet :
 * Tape tape = new Tape(scope);
 * Expr w = tape.watch(weight);
 * Expr loss = x.matMul(w).unary(Unary.Kind.SQUARE).reshape(n).sum(0);
 * Expr dw = tape.gradients(loss, List.of(w)).getFirst(); // F32, shaped as w
 * }
 *
 * <p>Only what depends on a watched value is recorded; all else goes straight to the evaluator
 * below. A matrix product with a frozen weight reads it in the type in which it is stored, in both
 * directions. Gradients are F32 whatever the type of the value. They belong to the evaluator below;
 * to differentiate them as well, put a tape over a tape.
 *
 * <p>A fused operation runs fused. Its gradient is its own if it is a {@link
 * dev.wick.engine.op.DifferentiableOp}, and otherwise that of its decomposition, which the backward
 * pass then computes anew. Where a function has a kink, the gradient is torch's: equal operands of
 * MAX and MIN share it evenly, elements equal to the maximum along an axis too (as {@code amax}),
 * and ABS has 0 at 0. Comparisons, indices and integers have none.
 *
 * <p>What is recorded never writes in place: an operation that does works on a copy. Scatter SET
 * with equal indices has no gradient that means anything.
 *
 * <p>One thread at a time.
 */
public final class Tape implements Evaluator {
  private final Evaluator inner;

  /** First and last index of what was recorded inside of a checkpoint. */
  private final NavigableMap<Long, Long> checkpointed = new TreeMap<>();

  private long nextIndex;

  /** A tape over the evaluator that does the computing. */
  public Tape(Evaluator inner) {
    this.inner = inner;
  }

  /** Above the evaluator below, and above scopes and traces. */
  @Override
  public int precedence() {
    return Math.max(2, inner.precedence() + 1);
  }

  @Override
  public Expr adopt(Expr value) {
    return value.evaluator() == this ? value : inner.adopt(value);
  }

  /**
   * A value that gradients can be asked for.
   *
   * @param value F32, F16 or BF16, of the evaluator below or one that it adopts
   * @throws IllegalArgumentException if the value is of another type or on this tape already
   */
  public Expr watch(Expr value) {
    if (value.evaluator() == this) {
      throw new IllegalArgumentException(
          "watch: expected a value that is not on this tape, got one that is: " + value.spec());
    }
    if (!isDifferentiable(value.dtype())) {
      throw new IllegalArgumentException(
          "watch: expected an F32, F16 or BF16 value, got " + value.spec());
    }
    return new Variable(this, inner.adopt(value), new Node.Leaf(newIndex()), 0);
  }

  /** The value under a value on a tape, which no gradient flows through; others as they are. */
  public static Expr value(Expr expr) {
    return expr instanceof Variable variable ? variable.value() : expr;
  }

  @Override
  public List<Expr> apply(Op op, List<Expr> operands) {
    List<Expr> own = operands.stream().map(this::adopt).toList();
    List<Expr> values = new ArrayList<>(own.stream().map(this::unwrap).toList());
    boolean recorded = own.stream().anyMatch(operand -> operand.evaluator() == this);
    if (recorded && op.inPlaceOperand().isPresent()) {
      int table = op.inPlaceOperand().getAsInt();
      // Gradients may have to read it as it was.
      values.set(table, copy(values.get(table)));
    }
    List<Expr> results = inner.apply(op, values);
    return recorded ? variables(results, step(op, own, results)) : results;
  }

  private Node step(Op op, List<Expr> operands, List<Expr> results) {
    return new Node.Step(newIndex(), op, operands, results, own(operands));
  }

  private List<Expr> variables(List<Expr> results, Node node) {
    List<Expr> variables = new ArrayList<>();
    for (int i = 0; i < results.size(); i++) {
      Expr result = results.get(i);
      variables.add(
          isDifferentiable(result.dtype()) ? new Variable(this, result, node, i) : result);
    }
    return variables;
  }

  private static boolean isDifferentiable(DType dtype) {
    return dtype == DType.F32 || dtype == DType.F16 || dtype == DType.BF16;
  }

  Expr unwrap(Expr expr) {
    return expr instanceof Variable variable && variable.evaluator() == this
        ? variable.value()
        : expr;
  }

  long newIndex() {
    return nextIndex++;
  }

  /** The next new index: whatever is recorded from now on has at least this one. */
  long mark() {
    return nextIndex;
  }

  /** A value of the evaluator below in memory of its own. */
  Expr copy(Expr value) {
    return inner.apply(new Copy(0), List.of(value)).getFirst();
  }

  /** A scalar 0 of the evaluator below. */
  Expr zero() {
    return constant(1, 0).reshape();
  }

  private Expr constant(long length, double value) {
    return inner.apply(new Iota(DType.F32, length, value, 0), List.of()).getFirst();
  }

  /**
   * Applies a block of operations, keeping only its results: the backward pass applies the block
   * once more to have what lies between (Chen et al. 2016, arXiv:1604.06174). Values on this tape
   * that the block uses without being given them get their gradients too. Blocks may be nested.
   *
   * @param block has to do the same each time, without writing in place
   * @param inputs passed to the block
   * @return what the block returned
   */
  public List<Expr> checkpoint(Function<List<Expr>, List<Expr>> block, List<Expr> inputs) {
    List<Expr> given = List.copyOf(inputs);
    long begin = mark();
    List<Expr> results = block.apply(given);
    Set<Variable> sources = new LinkedHashSet<>();
    for (Node node : Sweep.recordedSince(begin, own(results))) {
      for (Variable source : node.sources()) {
        if (source.node().index() < begin) {
          sources.add(source);
        }
      }
    }
    if (mark() == begin) {
      return results;
    }
    checkpointed.put(begin, mark() - 1);
    Node.Segment segment = new Node.Segment(newIndex(), block, given, List.copyOf(sources));
    List<Expr> kept = new ArrayList<>();
    for (int i = 0; i < results.size(); i++) {
      Expr result = results.get(i);
      boolean inside = result instanceof Variable own && own.node().index() >= begin;
      kept.add(inside ? new Variable(this, unwrap(result), segment, i) : result);
    }
    return kept;
  }

  /** Those that are on this tape. */
  List<Variable> own(List<Expr> values) {
    List<Variable> own = new ArrayList<>();
    for (Expr value : values) {
      if (value instanceof Variable variable && variable.evaluator() == this) {
        own.add(variable);
      }
    }
    return own;
  }

  /**
   * Gradients of a loss.
   *
   * @param loss F32 with one element
   * @param watched values on this tape, watched or computed
   * @return for each the gradient, F32 in its shape; zeros where the loss does not depend on it
   * @throws IllegalArgumentException if the loss has another spec or a value is not on this tape
   */
  public List<Expr> gradients(Expr loss, List<Expr> watched) {
    if (loss.dtype() != DType.F32 || loss.shape().size() != 1) {
      throw new IllegalArgumentException(
          "gradients: expected a loss of one F32 element, got " + loss.spec());
    }
    Expr one = constant(1, 1).reshape(loss.shape().toArray());
    return gradients(List.of(loss), List.of(one), watched);
  }

  /**
   * Gradients of the sum of products of outputs and seeds. May be asked for as often as wanted.
   *
   * @param seeds for each output the gradient that it begins with, F32 in its shape
   * @param watched values on this tape, watched or computed
   * @return for each the gradient, F32 in its shape; zeros where no output depends on it
   * @throws IllegalArgumentException if a seed does not fit its output, or a value is not on this
   *     tape or was made inside of a checkpoint
   */
  public List<Expr> gradients(List<Expr> outputs, List<Expr> seeds, List<Expr> watched) {
    if (outputs.size() != seeds.size()) {
      throw new IllegalArgumentException(
          "gradients: expected a seed for each of %d outputs, got %d"
              .formatted(outputs.size(), seeds.size()));
    }
    List<Variable> targets = watched.stream().map(this::target).toList();
    Sweep sweep = new Sweep(this, targets);
    List<Variable> from = new ArrayList<>();
    List<Expr> gradients = new ArrayList<>();
    for (int i = 0; i < outputs.size(); i++) {
      TensorSpec expected = outputs.get(i).spec().withDType(DType.F32);
      if (!seeds.get(i).spec().equals(expected)) {
        throw new IllegalArgumentException(
            "gradients: expected a seed %s, got %s".formatted(expected, seeds.get(i).spec()));
      }
      // What does not depend on anything watched is not on the tape, and gives nothing.
      if (adopt(outputs.get(i)) instanceof Variable variable && variable.evaluator() == this) {
        from.add(variable);
        gradients.add(inner.adopt(seeds.get(i)));
      }
    }
    sweep.descend(from, gradients, 0);
    return targets.stream().map(target -> gradient(sweep, target)).toList();
  }

  private Variable target(Expr value) {
    if (!(value instanceof Variable variable) || variable.evaluator() != this) {
      throw new IllegalArgumentException(
          "gradients: expected values on this tape, got one that is not: %s; watch it first"
              .formatted(value.spec()));
    }
    var before = checkpointed.floorEntry(variable.node().index());
    if (before != null && variable.node().index() <= before.getValue()) {
      throw new IllegalArgumentException(
          "gradients: expected values from outside of a checkpoint, got %s from inside; watch it"
                  .formatted(value.spec())
              + " before, or return it");
    }
    return variable;
  }

  private Expr gradient(Sweep sweep, Variable target) {
    return sweep
        .found(target)
        .orElseGet(() -> constant(target.shape().size(), 0).reshape(target.shape().toArray()));
  }
}
