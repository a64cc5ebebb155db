package dev.wick.engine.tck.reference;

import dev.wick.engine.op.Copy;
import dev.wick.engine.op.Scatter;
import dev.wick.engine.tensor.Layout;
import java.util.List;

/** Moves elements as they are stored. */
final class MovementKernels {
  private MovementKernels() {}

  static void copy(Copy copy, List<Elements> in, Elements out) {
    if (in.size() == 1) {
      Cursor from = in.getFirst().cursor();
      long size = out.shape().size();
      for (long i = 0; i < size; i++) {
        out.copy(i, in.getFirst(), from.next(), 1);
      }
      return;
    }
    int axis = copy.axis();
    long start = 0;
    for (Elements part : in) {
      long end = start + part.shape().extent(axis);
      Layout target = out.layout().slice(axis, start, end);
      long first = start * out.layout().stride(axis);
      Cursor to = new Cursor(target);
      Cursor from = part.cursor();
      long size = part.shape().size();
      for (long i = 0; i < size; i++) {
        out.copy(first + to.next(), part, from.next(), 1);
      }
      start = end;
    }
  }

  static void gather(Elements table, Elements indices, Elements out) {
    long rowSize = table.shape().without(0).size();
    Cursor index = indices.cursor();
    long count = indices.shape().size();
    for (long i = 0; i < count; i++) {
      long start = rowStart("gather", table, indices.integer(index.next()));
      if (table.layout().isContiguous() && rowSize > 0) {
        out.copy(i * rowSize, table, start, rowSize);
        continue;
      }
      Cursor from = rows(table);
      for (long j = 0; j < rowSize; j++) {
        out.copy(i * rowSize + j, table, start + from.next(), 1);
      }
    }
  }

  static void scatter(Scatter scatter, Elements table, Elements indices, Elements updates) {
    // Look at every index first, so that a bad one changes nothing.
    Cursor checked = indices.cursor();
    long count = indices.shape().size();
    for (long i = 0; i < count; i++) {
      rowStart(scatter.name(), table, indices.integer(checked.next()));
    }
    long rowSize = table.shape().without(0).size();
    Cursor index = indices.cursor();
    Cursor from = updates.cursor();
    if (table.dtype().isQuantized()) {
      float[] row = new float[Math.toIntExact(rowSize)];
      for (long i = 0; i < count; i++) {
        for (int j = 0; j < row.length; j++) {
          row[j] = (float) updates.number(from.next());
        }
        BlockFormats.quantize(row, table, indices.integer(index.next()) * rowSize);
      }
      return;
    }
    for (long i = 0; i < count; i++) {
      long start = rowStart(scatter.name(), table, indices.integer(index.next()));
      Cursor to = rows(table);
      for (long j = 0; j < rowSize; j++) {
        long position = start + to.next();
        double update = updates.number(from.next());
        switch (scatter.mode()) {
          case SET -> table.set(position, update);
          case ADD -> table.set(position, table.number(position) + update);
        }
      }
    }
  }

  private static long rowStart(String op, Elements table, int index) {
    if (index < 0 || index >= table.shape().extent(0)) {
      throw new IllegalArgumentException(
          "%s: expected indices in 0..%d, got %d"
              .formatted(op, table.shape().extent(0) - 1, index));
    }
    return index * table.layout().stride(0);
  }

  /** Walks the elements of the first row; only called if there is one. */
  private static Cursor rows(Elements table) {
    return new Cursor(table.layout().slice(0, 0, 1));
  }
}
