package dev.wick.tokenizers.jinja;

import java.util.ArrayList;
import java.util.List;

/** Python's range, at most {@link #MAX_SIZE} long as in jinja2's sandbox. */
record Range(long start, long stop, long step) {
  static final int MAX_SIZE = 100_000;

  static Range of(long start, long stop, long step) {
    if (step == 0) {
      throw PythonError.value("range() arg 3 must not be zero");
    }
    Range range = new Range(start, stop, step);
    if (range.exactSize() > MAX_SIZE) {
      throw PythonError.overflow(
          "Range too big. The sandbox blocks ranges larger than MAX_RANGE (" + MAX_SIZE + ").");
    }
    return range;
  }

  private double exactSize() {
    return Math.max(0, Math.ceil(((double) stop - start) / step));
  }

  int size() {
    return (int) exactSize();
  }

  List<Object> list() {
    List<Object> items = new ArrayList<>(size());
    for (int i = 0; i < size(); i++) {
      items.add(at(i));
    }
    return items;
  }

  long at(int index) {
    return start + index * step;
  }
}
