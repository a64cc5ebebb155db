package dev.wick.engine.tck.reference;

import dev.wick.engine.op.Copy;
import dev.wick.engine.op.Scatter;
import dev.wick.engine.tensor.Layout;
import dev.wick.engine.tensor.Shape;
import java.util.List;

/** Moves elements as they are stored. */
final class MovementKernels {
  private MovementKernels() {}

  static void copy(Copy copy, List<Elements> in, Elements out) {
    if (in.size() == 1) {
      Cursor from = in.getFirst().cursor();
      for (long i = 0; i < out.shape().size(); i++) {
        out.copy(i, in.getFirst(), from.next());
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
      for (long i = 0; i < part.shape().size(); i++) {
        out.copy(first + to.next(), part, from.next());
      }
      start = end;
    }
  }

  static void gather(Elements table, Elements indices, Elements out) {
    Shape row = table.shape().without(0);
    long rowSize = row.size();
    Cursor index = indices.cursor();
    for (long i = 0; i < indices.shape().size(); i++) {
      long start = rowStart("gather", table, indices.integer(index.next()));
      Cursor from = rows(table);
      for (long j = 0; j < rowSize; j++) {
        out.copy(i * rowSize + j, table, start + from.next());
      }
    }
  }

  static void scatter(Scatter scatter, Elements table, Elements indices, Elements updates) {
    // Look at every index first, so that a bad one changes nothing.
    Cursor checked = indices.cursor();
    for (long i = 0; i < indices.shape().size(); i++) {
      rowStart(scatter.name(), table, indices.integer(checked.next()));
    }
    long rowSize = table.shape().without(0).size();
    Cursor index = indices.cursor();
    Cursor from = updates.cursor();
    for (long i = 0; i < indices.shape().size(); i++) {
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
