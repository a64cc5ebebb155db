package dev.wick.lora.training.data;

import java.util.ArrayList;
import java.util.List;

/** Puts several short examples into one row, so that rows are of about equal length. */
final class Packing {
  /** Rows that are tried before a new one is begun; bounds the time, hardly costs room. */
  private static final int OPEN_ROWS = 64;

  private Packing() {}

  private static final class Row {
    final List<Example> examples = new ArrayList<>();
    int tokens;

    void add(Example example) {
      examples.add(example);
      tokens += example.length();
    }
  }

  /** Rows of at most {@code length} tokens, or of one longer example; first fit, in order. */
  static List<List<Example>> rows(List<Example> examples, int length) {
    List<Row> rows = new ArrayList<>();
    List<Row> open = new ArrayList<>();
    for (Example example : examples) {
      Row row = null;
      for (Row candidate : open) {
        if (candidate.tokens + example.length() <= length) {
          row = candidate;
          break;
        }
      }
      if (row == null) {
        row = new Row();
        rows.add(row);
        open.add(row);
        if (open.size() > OPEN_ROWS) {
          open.removeFirst();
        }
      }
      row.add(example);
    }
    return rows.stream().map(row -> List.copyOf(row.examples)).toList();
  }
}
