package dev.wick.backend.cpu.kernel;

import java.util.Arrays;

/** Rows sorted by the expert that each has chosen (counting sort, stable). */
final class ExpertRows {
  private final HostTensor chosen;
  private final int[] firstRow;
  private final int[] cursor;
  private final int[] order;
  private final int[] active;
  private int count;

  /**
   * @param chosen I32, one expert per row
   */
  ExpertRows(HostTensor chosen, int experts) {
    this.chosen = chosen;
    this.firstRow = new int[experts + 1];
    this.cursor = new int[experts];
    this.order = new int[Math.toIntExact(chosen.size())];
    this.active = new int[experts];
  }

  /** Reads the choices, and returns the number of experts that have any row. */
  int sort() {
    Arrays.fill(firstRow, 0);
    for (int i = 0; i < order.length; i++) {
      int expert = chosen.intAt(i);
      Indices.check("expert_mat_mul", "experts", expert, cursor.length);
      firstRow[expert + 1]++;
    }
    count = 0;
    for (int e = 0; e < cursor.length; e++) {
      if (firstRow[e + 1] > 0) {
        active[count++] = e;
      }
      firstRow[e + 1] += firstRow[e];
      cursor[e] = firstRow[e];
    }
    for (int i = 0; i < order.length; i++) {
      order[cursor[chosen.intAt(i)]++] = i;
    }
    return count;
  }

  /** Number of rows. */
  int size() {
    return order.length;
  }

  /** The row at a place in the order. */
  int row(int sorted) {
    return order[sorted];
  }

  /** An expert that has rows. */
  int expert(int number) {
    return active[number];
  }

  /** First place in the order of an expert's rows. */
  int first(int expert) {
    return firstRow[expert];
  }

  /** Place after an expert's last row. */
  int end(int expert) {
    return firstRow[expert + 1];
  }
}
