package dev.wick.engine.nd4j.host;

import dev.wick.engine.op.Iota;
import dev.wick.engine.op.Scatter;
import dev.wick.engine.tensor.DType;
import dev.wick.engine.tensor.Layout;
import dev.wick.engine.tensor.Shape;
import java.util.ArrayList;
import java.util.List;

/** Operations that move elements as they are stored. */
public final class MovementLoops {
  private MovementLoops() {}

  /** Operands one after another along an axis of a contiguous result. */
  public static Kernel copy(int axis, List<HostTensor> operands, HostTensor out) {
    if (operands.size() == 1) {
      return copy(operands.getFirst(), out.layout(), out, 0);
    }
    List<Kernel> parts = new ArrayList<>();
    long start = 0;
    for (HostTensor part : operands) {
      long end = start + part.shape().extent(axis);
      Layout target = out.layout().slice(axis, start, end);
      parts.add(copy(part, target, out, start * out.layout().stride(axis)));
      start = end;
    }
    return () -> parts.forEach(Kernel::run);
  }

  private static Kernel copy(HostTensor part, Layout target, HostTensor out, long first) {
    RowCopy copy = new RowCopy(part, part.layout(), out, target, part.shape());
    return () -> copy.run(0, first);
  }

  /** Rows of a table. */
  public static Kernel gather(HostTensor table, HostTensor indices, HostTensor out) {
    Shape row = table.shape().without(0);
    long rowSize = row.size();
    TableRows rows = new TableRows("gather", table);
    RowCopy copy = new RowCopy(table, rowLayout(table, row), out, Layout.contiguous(row), row);
    RowWalk walk = new RowWalk(indices.shape(), indices.layout());
    ElementwiseLoops.Output written = new ElementwiseLoops.Output();
    return written.kernel(
        walk,
        (at, count) -> {
          for (long i = 0; i < count; i++) {
            long from = rows.start(indices.i32(at[0] + i * walk.stride(0)));
            copy.run(from, written.take(1) * rowSize);
          }
        });
  }

  /** Rows written into a table, or added to it; a bad index changes nothing. */
  public static Kernel scatter(
      Scatter scatter, HostTensor table, HostTensor indices, HostTensor updates) {
    Shape row = table.shape().without(0);
    TableRows rows = new TableRows(scatter.name(), table);
    RowCopy copy =
        switch (scatter.mode()) {
          case SET ->
              new RowCopy(updates, rowLayout(updates, row), table, rowLayout(table, row), row);
          case ADD ->
              new RowAdd(updates, rowLayout(updates, row), table, rowLayout(table, row), row);
        };
    long count = indices.shape().size();
    long step = indices.layout().stride(0);
    long updateStep = updates.layout().stride(0);
    return () -> {
      for (long i = 0; i < count; i++) {
        rows.start(indices.i32(i * step));
      }
      for (long i = 0; i < count; i++) {
        copy.run(i * updateStep, rows.start(indices.i32(i * step)));
      }
    };
  }

  /** The layout of one row of a table. */
  private static Layout rowLayout(HostTensor table, Shape row) {
    if (table.shape().size() == 0) {
      return Layout.contiguous(row);
    }
    return table.layout().slice(0, 0, 1).reshape(row).orElseThrow();
  }

  /** An arithmetic progression. */
  public static Kernel iota(Iota iota, HostTensor out) {
    return () -> {
      for (long i = 0; i < iota.length(); i++) {
        double value = iota.start() + i * iota.step();
        if (out.dtype() == DType.I32) {
          out.setI32(i, (int) value);
        } else {
          out.setF32(i, (float) value);
        }
      }
    };
  }

  /**
   * Where the rows of a table begin.
   *
   * @param op name in messages
   */
  private record TableRows(String op, HostTensor table) {
    long start(int index) {
      long rows = table.shape().extent(0);
      if (index < 0 || index >= rows) {
        throw new IllegalArgumentException(
            "%s: expected indices in 0..%d, got %d".formatted(op, rows - 1, index));
      }
      return index * table.layout().stride(0);
    }
  }
}
