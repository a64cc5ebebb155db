package dev.wick.engine.tck;

import dev.wick.engine.op.Op;
import dev.wick.engine.tensor.TensorSpec;
import java.util.List;

/**
 * An operation with operands to try it on.
 *
 * @param operands their content; how it lies in memory is chosen when the case runs
 * @param tolerance how far results may be from the oracle's
 * @param repeatable whether operands may be replaced by repeated ones; not where equal indices
 *     would leave the result open
 */
record OpCase(Op op, List<HostTensor> operands, Tolerance tolerance, boolean repeatable) {
  OpCase {
    operands = List.copyOf(operands);
  }

  static OpCase exact(Op op, HostTensor... operands) {
    return new OpCase(op, List.of(operands), Tolerance.EXACT, true);
  }

  static OpCase close(double terms, Op op, HostTensor... operands) {
    return new OpCase(op, List.of(operands), new Tolerance(terms), true);
  }

  OpCase notRepeatable() {
    return new OpCase(op, operands, tolerance, false);
  }

  /** This case with operands that repeat. */
  OpCase tolerant() {
    return new OpCase(op, operands, tolerance.forRepeatedNumbers(), repeatable);
  }

  List<TensorSpec> specs() {
    return operands.stream().map(HostTensor::spec).toList();
  }

  @Override
  public String toString() {
    List<TensorSpec> specs = specs();
    String shown =
        specs.size() <= 6
            ? specs.toString()
            : specs.subList(0, 6) + "… " + specs.size() + " in all";
    return op + " on " + shown;
  }
}
