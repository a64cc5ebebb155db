package dev.wick.engine.autodiff;

import dev.wick.engine.op.Expr;
import dev.wick.engine.op.Op;
import java.util.List;
import java.util.function.Function;

/**
 * Where values on a tape come from. Nodes refer to those before them and to none after, so that
 * what nobody uses is garbage. Identity matters.
 */
abstract sealed class Node {
  private final long index;

  private Node(long index) {
    this.index = index;
  }

  /** Place in the order in which nodes were recorded. */
  final long index() {
    return index;
  }

  /** The values on the tape that it was made from. */
  abstract List<Variable> sources();

  /** A watched value. */
  static final class Leaf extends Node {
    Leaf(long index) {
      super(index);
    }

    @Override
    List<Variable> sources() {
      return List.of();
    }
  }

  /** A view of another value. */
  static final class View extends Node {
    final Variable source;
    final Movement movement;

    View(long index, Variable source, Movement movement) {
      super(index);
      this.source = source;
      this.movement = movement;
    }

    @Override
    List<Variable> sources() {
      return List.of(source);
    }
  }

  /** An operation, with operands on the tape or below it and results below it. */
  static final class Step extends Node {
    final Op op;
    final List<Expr> operands;
    final List<Expr> results;
    private final List<Variable> sources;

    Step(long index, Op op, List<Expr> operands, List<Expr> results, List<Variable> sources) {
      super(index);
      this.sources = sources;
      this.op = op;
      this.operands = operands;
      this.results = results;
    }

    @Override
    List<Variable> sources() {
      return sources;
    }
  }

  /** A block of operations that the backward pass applies once more. */
  static final class Segment extends Node {
    final Function<List<Expr>, List<Expr>> block;
    final List<Expr> inputs;
    private final List<Variable> sources;

    Segment(
        long index,
        Function<List<Expr>, List<Expr>> block,
        List<Expr> inputs,
        List<Variable> sources) {
      super(index);
      this.block = block;
      this.inputs = inputs;
      this.sources = sources;
    }

    @Override
    List<Variable> sources() {
      return sources;
    }
  }
}
