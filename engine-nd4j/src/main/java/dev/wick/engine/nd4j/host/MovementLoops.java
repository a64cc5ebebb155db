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
      return copy(operands.getFirst(), out, 0);
    }
    List<Kernel> parts = new ArrayList<>();
    long start = 0;
    for (HostTensor part : operands) {
      long end = start + part.shape().extent(axis);
      HostTensor target = out.with(out.layout().slice(axis, start, end));
      parts.add(copy(part, target, start * out.layout().stride(axis)));
      start = end;
    }
    return () -> parts.forEach(Kernel::run);
  }

  /**
   * A copy to another layout of the same shape.
   *
   * @param first elements from the target's memory offset to its first element
   */
  static Kernel copy(HostTensor source, HostTensor target, long first) {
    RowWalk walk = new RowWalk(source.shape(), source.layout(), target.layout());
    long from = walk.stride(0);
    long to = walk.stride(1);
    RowWalk.RunLoop loop =
        from == 1 && to == 1
            ? (at, count) -> target.copyRun(first + at[1], source, at[0], count)
            : elements(source, from, target, to, first);
    return () -> walk.forEach(loop);
  }

  private static RowWalk.RunLoop elements(
      HostTensor source, long from, HostTensor target, long to, long first) {
    return switch (source.dtype().blockBytes()) {
      case 4 ->
          (at, count) -> {
            for (long i = 0; i < count; i++) {
              target.setI32(first + at[1] + i * to, source.i32(at[0] + i * from));
            }
          };
      case 2 ->
          (at, count) -> {
            for (long i = 0; i < count; i++) {
              target.setI16(first + at[1] + i * to, source.i16(at[0] + i * from));
            }
          };
      default ->
          (at, count) -> {
            for (long i = 0; i < count; i++) {
              target.copyRun(first + at[1] + i * to, source, at[0] + i * from, 1);
            }
          };
    };
  }

  /** Rows of a table. */
  public static Kernel gather(HostTensor table, HostTensor indices, HostTensor out) {
    RowMove move = RowMove.from(table, indices);
    long rowSize = table.shape().without(0).size();
    return () -> {
      move.reset();
      move.walk.forEach(
          (at, count) -> {
            for (long i = 0; i < count; i++) {
              long row = move.check("gather", indices.i32(at[0] + i * move.walk.stride(0)));
              long target = move.next(rowSize);
              move.rows.forEach(
                  (place, run) -> {
                    long from = row + place[0];
                    if (move.rows.stride(0) == 1) {
                      out.copyRun(target + place[1], table, from, run);
                    } else {
                      for (long j = 0; j < run; j++) {
                        out.copyRun(
                            target + place[1] + j, table, from + j * move.rows.stride(0), 1);
                      }
                    }
                  });
            }
          });
    };
  }

  /** Rows written into a table, or added to it; a bad index changes nothing. */
  public static Kernel scatter(
      Scatter scatter, HostTensor table, HostTensor indices, HostTensor updates) {
    RowMove move = RowMove.from(table, indices);
    Shape row = table.shape().without(0);
    RowWalk rows =
        new RowWalk(row, rowLayout(table.layout(), row), rowLayout(updates.layout(), row));
    boolean runs = rows.stride(0) == 1 && rows.stride(1) == 1 && scatter.mode() == Scatter.Mode.SET;
    long step = indices.layout().stride(0);
    long updateStep = updates.layout().stride(0);
    return () -> {
      long count = indices.shape().size();
      for (long i = 0; i < count; i++) {
        move.check(scatter.name(), indices.i32(i * step));
      }
      if (row.size() == 0) {
        return;
      }
      for (long i = 0; i < count; i++) {
        long to = move.check(scatter.name(), indices.i32(i * step));
        long from = i * updateStep;
        rows.forEach(
            (at, run) -> {
              if (runs) {
                table.copyRun(to + at[0], updates, from + at[1], run);
                return;
              }
              for (long j = 0; j < run; j++) {
                long place = to + at[0] + j * rows.stride(0);
                float update = updates.f32(from + at[1] + j * rows.stride(1));
                switch (scatter.mode()) {
                  case SET -> table.setF32(place, update);
                  case ADD -> table.setF32(place, table.f32(place) + update);
                }
              }
            });
      }
    };
  }

  /** The layout of one row: that of the table without its first axis. */
  private static Layout rowLayout(Layout table, Shape row) {
    if (table.shape().extent(0) == 0 || row.size() == 0) {
      return Layout.contiguous(row);
    }
    return table.slice(0, 0, 1).reshape(row).orElseThrow();
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

  /** The rows of a table and the indices that choose among them. */
  private static final class RowMove {
    final RowWalk walk;
    final RowWalk rows;
    private final long tableRows;
    private final long rowStride;
    private long next;

    private RowMove(RowWalk walk, RowWalk rows, long tableRows, long rowStride) {
      this.walk = walk;
      this.rows = rows;
      this.tableRows = tableRows;
      this.rowStride = rowStride;
    }

    static RowMove from(HostTensor table, HostTensor indices) {
      Shape row = table.shape().without(0);
      return new RowMove(
          new RowWalk(indices.shape(), indices.layout()),
          new RowWalk(row, rowLayout(table.layout(), row), Layout.contiguous(row)),
          table.shape().extent(0),
          table.layout().stride(0));
    }

    /** Where a row begins. */
    long check(String op, int index) {
      if (index < 0 || index >= tableRows) {
        throw new IllegalArgumentException(
            "%s: expected indices in 0..%d, got %d".formatted(op, tableRows - 1, index));
      }
      return index * rowStride;
    }

    void reset() {
      next = 0;
    }

    long next(long size) {
      long start = next;
      next += size;
      return start;
    }
  }
}
