package dev.wick.engine.nd4j.host;

import dev.wick.engine.op.Iota;
import dev.wick.engine.op.Scatter;
import dev.wick.engine.tensor.DType;
import dev.wick.engine.tensor.Layout;
import dev.wick.engine.tensor.Quantization;
import dev.wick.engine.tensor.Shape;
import java.lang.foreign.MemorySegment;
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
    if (table.dtype().isQuantized()) {
      return gatherBlocks(rows, rowSize, indices, out);
    }
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

  /** Contiguous rows of whole blocks. */
  private static Kernel gatherBlocks(
      TableRows rows, long rowSize, HostTensor indices, HostTensor out) {
    HostTensor table = rows.table();
    long rowBytes = table.dtype().byteSize(rowSize);
    RowWalk walk = new RowWalk(indices.shape(), indices.layout());
    ElementwiseLoops.Output written = new ElementwiseLoops.Output();
    return written.kernel(
        walk,
        (at, count) -> {
          for (long i = 0; i < count; i++) {
            rows.start(indices.i32(at[0] + i * walk.stride(0)));
            long row = indices.i32(at[0] + i * walk.stride(0));
            MemorySegment.copy(
                table.memory(),
                table.byteOffset() + row * rowBytes,
                out.memory(),
                out.byteOffset() + written.take(1) * rowBytes,
                rowBytes);
          }
        });
  }

  /** Rows packed into a table of contiguous blocks; a bad index changes nothing. */
  private static Kernel scatterBlocks(
      TableRows rows, long rowSize, HostTensor indices, HostTensor updates) {
    HostTensor table = rows.table();
    Shape row = updates.shape().without(0);
    MemorySegment packed = MemorySegment.ofArray(new float[Math.toIntExact(rowSize)]);
    HostTensor plain = new HostTensor(packed, 0, DType.F32, Layout.contiguous(row));
    RowCopy copy = new RowCopy(updates, rowLayout(updates, row), plain, plain.layout(), row);
    long count = indices.shape().size();
    long step = indices.layout().stride(0);
    return () -> {
      for (long i = 0; i < count; i++) {
        rows.start(indices.i32(i * step));
      }
      for (long i = 0; i < count; i++) {
        copy.run(i * updates.layout().stride(0), 0);
        Quantization.encodeOrNan(
            table.dtype(),
            packed,
            0,
            table.memory(),
            table.byteOffset() + table.dtype().byteSize(indices.i32(i * step) * rowSize),
            rowSize);
      }
    };
  }

  /** Rows written into a table, or added to it; a bad index changes nothing. */
  public static Kernel scatter(
      Scatter scatter, HostTensor table, HostTensor indices, HostTensor updates) {
    Shape row = table.shape().without(0);
    TableRows rows = new TableRows(scatter.name(), table);
    if (table.dtype().isQuantized()) {
      return scatterBlocks(rows, row.size(), indices, updates);
    }
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
