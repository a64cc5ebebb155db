package dev.wick.engine.autodiff;

import dev.wick.engine.op.Backward;
import dev.wick.engine.op.DifferentiableOp;
import dev.wick.engine.op.Expr;
import dev.wick.engine.op.FusedOp;
import dev.wick.engine.op.PrimitiveOp;
import dev.wick.engine.tensor.DType;
import dev.wick.engine.tensor.TensorSpec;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * One backward pass. Nodes are visited in the reverse of the order in which they were recorded, and
 * only those on a path from a target to an output; each is visited once, when its gradient is
 * complete, and its gradient is dropped as soon as it has been passed on.
 */
final class Sweep {
  private final Tape tape;
  private final Set<Node> targets = new HashSet<>();

  /** Nodes that are targets or depend on one. */
  private final Set<Node> leading = new HashSet<>();

  private final Map<Node, Map<Integer, Adjoint>> adjoints = new HashMap<>();
  private final Map<Node, Map<Integer, Expr>> found = new HashMap<>();

  Sweep(Tape tape, List<Variable> targets) {
    this.tape = tape;
    targets.forEach(target -> this.targets.add(target.node()));
  }

  /** The gradient of a target, or empty if nothing has reached it. */
  Optional<Expr> found(Variable target) {
    return Optional.ofNullable(found.getOrDefault(target.node(), Map.of()).get(target.position()));
  }

  /** The nodes with at least an index on the ways to values, in the order of recording. */
  static Collection<Node> recordedSince(long begin, List<Variable> values) {
    TreeMap<Long, Node> nodes = new TreeMap<>();
    ArrayDeque<Variable> open = new ArrayDeque<>(values);
    while (!open.isEmpty()) {
      Node node = open.pop().node();
      if (node.index() >= begin && nodes.put(node.index(), node) == null) {
        node.sources().forEach(open::push);
      }
    }
    return nodes.values();
  }

  /**
   * Passes gradients from outputs down to the targets, or to what was there before an index.
   *
   * @param begin index of the first node to be visited
   */
  void descend(List<Variable> outputs, List<Expr> gradients, long begin) {
    List<Node> nodes = new ArrayList<>();
    for (Node node : recordedSince(begin, outputs)) {
      boolean leads = node.sources().stream().anyMatch(source -> leading.contains(source.node()));
      if (leads || targets.contains(node)) {
        leading.add(node);
        nodes.add(node);
      }
    }
    for (int i = 0; i < outputs.size(); i++) {
      add(outputs.get(i), gradients.get(i));
    }
    for (Node node : nodes.reversed()) {
      Map<Integer, Adjoint> complete = adjoints.remove(node);
      if (complete != null) {
        Map<Integer, Expr> totals = new TreeMap<>();
        complete.forEach((position, adjoint) -> totals.put(position, adjoint.total()));
        if (targets.contains(node)) {
          found.put(node, totals);
        }
        passOn(node, totals);
      }
    }
  }

  private boolean leads(Expr expr) {
    return expr instanceof Variable variable && leading.contains(variable.node());
  }

  private void add(Variable variable, Expr gradient) {
    if (leads(variable)) {
      adjoint(variable).add(gradient);
    }
  }

  private Adjoint adjoint(Variable variable) {
    return adjoints
        .computeIfAbsent(variable.node(), node -> new TreeMap<>())
        .computeIfAbsent(variable.position(), position -> new Adjoint(tape, variable.shape()));
  }

  private void passOn(Node node, Map<Integer, Expr> gradients) {
    switch (node) {
      case Node.Leaf leaf -> {}
      case Node.View view -> move(view, gradients.values().iterator().next());
      case Node.Step step -> differentiate(step, gradients);
      case Node.Segment segment -> {
        long begin = tape.mark();
        repeat(segment.block.apply(segment.inputs), gradients, begin, "checkpoint");
      }
    }
  }

  private void move(Node.View view, Expr gradient) {
    Variable source = view.source;
    if (!leads(source)) {
      return;
    }
    switch (view.movement) {
      case Movement.Reshape reshape -> add(source, gradient.reshape(source.shape().toArray()));
      case Movement.Transpose axes -> add(source, gradient.transpose(axes.a(), axes.b()));
      case Movement.Broadcast broadcast -> add(source, Sums.to(gradient, source.shape()));
      case Movement.Slice slice -> adjoint(source).add(slice, gradient);
      case Movement.Strided strided ->
          add(source, MovementGradients.strided(source, strided, gradient));
    }
  }

  private void differentiate(Node.Step step, Map<Integer, Expr> gradients) {
    switch (step.op) {
      case PrimitiveOp primitive ->
          collect(step, PrimitiveGradients.of(primitive, backward(step, gradients)));
      case DifferentiableOp named -> collect(step, named.gradient(backward(step, gradients)));
      case FusedOp fused -> {
        long begin = tape.mark();
        List<Expr> operands = new ArrayList<>();
        for (Expr operand : step.operands) {
          operands.add(leads(operand) ? operand : tape.unwrap(operand));
        }
        fused
            .inPlaceOperand()
            .ifPresent(table -> operands.set(table, ownCopy(operands.get(table))));
        repeat(fused.decompose(operands), gradients, begin, fused.name());
      }
    }
  }

  /** What a decomposition may write into; values on the tape are copied when that happens. */
  private Expr ownCopy(Expr table) {
    return leads(table) ? table : tape.copy(table);
  }

  private Backward backward(Node.Step step, Map<Integer, Expr> gradients) {
    Set<Integer> wanted = new TreeSet<>();
    for (int i = 0; i < step.operands.size(); i++) {
      if (leads(step.operands.get(i))) {
        wanted.add(i);
      }
    }
    List<Expr> operands = step.operands.stream().map(tape::unwrap).toList();
    return new Backward(operands, step.results, gradients, wanted);
  }

  private void collect(Node.Step step, Map<Integer, Expr> gradients) {
    for (int i = 0; i < step.operands.size(); i++) {
      Expr gradient = gradients.get(i);
      if (gradient != null && step.operands.get(i) instanceof Variable operand && leads(operand)) {
        TensorSpec expected = new TensorSpec(DType.F32, operand.shape());
        if (!gradient.spec().equals(expected)) {
          throw new IllegalStateException(
              "%s: expected a gradient %s of operand %d, got %s"
                  .formatted(step.op.name(), expected, i, gradient.spec()));
        }
        add(operand, gradient);
      }
    }
  }

  /** Differentiates what has just been recorded a second time. */
  private void repeat(List<Expr> results, Map<Integer, Expr> gradients, long begin, String what) {
    List<Variable> outputs = new ArrayList<>();
    List<Expr> seeds = new ArrayList<>();
    gradients.forEach(
        (position, gradient) -> {
          Expr result = position < results.size() ? results.get(position) : null;
          if (result == null || !result.shape().equals(gradient.shape())) {
            throw new IllegalStateException(
                "%s: expected a result %s at %d again, got %s"
                    .formatted(
                        what,
                        gradient.shape(),
                        position,
                        results.stream().map(Expr::spec).toList()));
          }
          if (result instanceof Variable output && output.evaluator() == tape) {
            outputs.add(output);
            seeds.add(gradient);
          }
        });
    descend(outputs, seeds, begin);
  }
}
