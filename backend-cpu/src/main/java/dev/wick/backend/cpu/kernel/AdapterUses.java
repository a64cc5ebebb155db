package dev.wick.backend.cpu.kernel;

import dev.wick.backend.cpu.loop.Layouts;
import dev.wick.engine.op.LoraMatMul;

/**
 * Which adapters are used on which rows, as the operands of {@link LoraMatMul} say when it runs:
 * those that have anything to add, in order, checked, with places in bytes from the pool's start.
 */
final class AdapterUses {
  private static final String OP = "lora_mat_mul";

  private final LoraMatMul op;
  private final HostTensor segments;
  private final HostTensor places;
  private final HostTensor weights;
  private final int[] first;
  private final int[] end;
  private final int[] rank;
  private final long[] a;
  private final long[] b;
  private final long[] rescale;
  private final long[] bias;
  private final float[] weight;
  private int active;
  private int firstRow;
  private int endRow;
  private boolean anyRescale;

  AdapterUses(LoraMatMul op, HostTensor segments, HostTensor places, HostTensor weights) {
    this.op = op;
    this.segments = segments;
    this.places = places;
    this.weights = weights;
    int count = weights.extent(0);
    first = new int[count];
    end = new int[count];
    rank = new int[count];
    a = new long[count];
    b = new long[count];
    rescale = new long[count];
    bias = new long[count];
    weight = new float[count];
  }

  /**
   * Reads the operands.
   *
   * @throws IllegalArgumentException if a row is outside the batch, a place outside the pool, or a
   *     rank too large
   */
  void read(HostTensor pool, int in, int out, int tokens) {
    active = 0;
    firstRow = tokens;
    endRow = 0;
    anyRescale = false;
    for (int use = 0; use < weight.length; use++) {
      int from = segments.intAt(2L * use);
      int rows = segments.intAt(2L * use + 1);
      if (rows == 0) {
        continue;
      }
      Indices.check(OP, "numbers of rows", rows, tokens + 1L);
      Indices.check(OP, "first rows", from, tokens - rows + 1L);
      int i = active;
      rank[i] = places.intAt(5L * use + 2);
      Indices.check(OP, "ranks", rank[i], op.maxRank() + 1L);
      a[i] = rank[i] == 0 ? 0 : place(pool, use, 0, (long) rank[i] * in);
      b[i] = rank[i] == 0 ? 0 : place(pool, use, 1, (long) rank[i] * out);
      rescale[i] = optional(pool, use, 3, out);
      bias[i] = optional(pool, use, 4, out);
      if (out == 0 || (rank[i] == 0 && rescale[i] < 0 && bias[i] < 0)) {
        continue;
      }
      first[i] = from;
      end[i] = from + rows;
      weight[i] = weights.segment().get(Layouts.FLOAT, weights.at(use));
      firstRow = Math.min(firstRow, from);
      endRow = Math.max(endRow, end[i]);
      anyRescale |= rescale[i] >= 0;
      active++;
    }
  }

  private long optional(HostTensor pool, int use, int part, int length) {
    return places.intAt(5L * use + part) == -1 ? -1 : place(pool, use, part, length);
  }

  private long place(HostTensor pool, int use, int part, long length) {
    int place = places.intAt(5L * use + part);
    long last = Math.floorDiv(pool.size() - length, LoraMatMul.UNIT);
    Indices.check(OP, "places", place, last + 1);
    return 4L * LoraMatMul.UNIT * place;
  }

  /** Number of uses that the operands have room for. */
  int count() {
    return weight.length;
  }

  int maxRank() {
    return op.maxRank();
  }

  /** Number of uses that have anything to add. */
  int active() {
    return active;
  }

  /** First row that any of them has. */
  int firstRow() {
    return firstRow;
  }

  /** Row after the last that any of them has. */
  int endRow() {
    return endRow;
  }

  boolean anyRescale() {
    return anyRescale;
  }

  int first(int use) {
    return first[use];
  }

  int end(int use) {
    return end[use];
  }

  int rank(int use) {
    return rank[use];
  }

  long a(int use) {
    return a[use];
  }

  long b(int use) {
    return b[use];
  }

  /** Place of the rescaling numbers, or -1. */
  long rescale(int use) {
    return rescale[use];
  }

  /** Place of the bias, or -1. */
  long bias(int use) {
    return bias[use];
  }

  float weight(int use) {
    return weight[use];
  }
}
