package dev.wick.engine.autodiff;

import dev.wick.engine.op.Expr;
import dev.wick.engine.tensor.DType;
import dev.wick.engine.tensor.Layout;
import dev.wick.engine.tensor.Shape;

/** A value on a tape: the value of the evaluator below, and where it comes from. */
final class Variable implements Expr {
  private final Tape tape;
  private final Expr value;
  private final Node node;
  private final int position;

  /**
   * A value on a tape.
   *
   * @param position which of the node's results
   */
  Variable(Tape tape, Expr value, Node node, int position) {
    this.tape = tape;
    this.value = value;
    this.node = node;
    this.position = position;
  }

  Expr value() {
    return value;
  }

  Node node() {
    return node;
  }

  int position() {
    return position;
  }

  @Override
  public DType dtype() {
    return value.dtype();
  }

  @Override
  public Layout layout() {
    return value.layout();
  }

  @Override
  public Tape evaluator() {
    return tape;
  }

  @Override
  public Expr view(Layout layout, long offset) {
    boolean whole = offset == 0 && layout.isContiguous() && value.layout().isContiguous();
    Movement movement =
        whole && layout.shape().size() == shape().size()
            ? new Movement.Reshape()
            : Movement.Strided.of(value.layout(), layout, offset);
    return moved(movement, value.view(layout, offset));
  }

  @Override
  public Expr reshape(long... extents) {
    return moved(new Movement.Reshape(), value.reshape(extents));
  }

  @Override
  public Expr transpose(int a, int b) {
    return moved(new Movement.Transpose(a, b), value.transpose(a, b));
  }

  @Override
  public Expr slice(int axis, long from, long to) {
    return moved(new Movement.Slice(shape().axis(axis), from, to), value.slice(axis, from, to));
  }

  @Override
  public Expr broadcast(Shape target) {
    return moved(new Movement.Broadcast(), value.broadcast(target));
  }

  private Variable moved(Movement movement, Expr view) {
    return new Variable(tape, view, new Node.View(tape.newIndex(), this, movement), 0);
  }

  @Override
  public String toString() {
    return spec().toString();
  }
}
