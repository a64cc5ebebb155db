package dev.wick.backend.cpu.emit;

import dev.wick.backend.cpu.loop.Layouts;
import dev.wick.backend.cpu.loop.PanelProduct;
import dev.wick.engine.tensor.DType;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Random;

/** The part of {@link SelfTest} that tries panels, on a matrix of 64 rows of 32 elements. */
final class PanelSelfTest {
  private static final int COLUMNS = PanelProduct.COLUMNS;
  private static final int DEPTH = 32;
  private static final int N = COLUMNS * DEPTH;

  /** More than any tile of rows has. */
  private static final int ROWS = 11;

  /** One in so many columns of products is looked at, since a JVM that starts takes its time. */
  private static final int SAMPLED = 7;

  private final PanelProduct code;
  private final MemorySegment a;
  private final MemorySegment matrix;
  private final MemorySegment panel;
  private final MemorySegment about;
  private final MemorySegment result;
  private final MemorySegment expected;

  private PanelSelfTest(PanelProduct code, Arena arena) {
    this.code = code;
    a = arena.allocate(4 * N, 64);
    matrix = arena.allocate(4 * N, 64);
    panel = arena.allocate(4 * N, 64);
    about = arena.allocate(ROWS * PanelProduct.softmaxBytes(1), 64);
    result = arena.allocate(4 * N, 64);
    expected = arena.allocate(4 * N, 64);
    Random random = new Random(43);
    for (int i = 0; i < N; i++) {
      a.set(Layouts.FLOAT, 4L * i, 2 * random.nextFloat() - 1);
    }
  }

  static void run(PanelProduct code, Arena arena) throws EmissionException {
    PanelSelfTest test = new PanelSelfTest(code, arena);
    for (DType dtype : new DType[] {DType.F32, DType.BF16, DType.F16}) {
      test.pack(dtype);
    }
    test.products(false);
    if (code.takesPairs()) {
      test.round();
      test.products(true);
      test.pairRows();
    }
    test.weigh();
    test.softmax();
  }

  private float a(int i) {
    return a.get(Layouts.FLOAT, 4L * i);
  }

  private void expect(int i, double value) {
    expected.set(Layouts.FLOAT, 4L * i, (float) value);
  }

  private void compare(String what, int n) throws EmissionException {
    SelfTest.compare(what, result, expected, n);
  }

  private void writeMatrix(DType dtype) {
    for (int i = 0; i < N; i++) {
      switch (dtype) {
        case F32 -> matrix.set(Layouts.FLOAT, 4L * i, a(i));
        case F16 -> matrix.set(Layouts.SHORT, 2L * i, Float.floatToFloat16(a(i)));
        default -> {
          int bits = Float.floatToRawIntBits(SelfTest.roundedToBf16(a(i)));
          matrix.set(Layouts.SHORT, 2L * i, (short) (bits >>> 16));
        }
      }
    }
  }

  private void pack(DType dtype) throws EmissionException {
    writeMatrix(dtype);
    code.pack(matrix, dtype, 0, dtype.byteSize(DEPTH), DEPTH, false, result, 0);
    for (int j = 0; j < COLUMNS; j++) {
      for (int p = 0; p < DEPTH; p++) {
        long at = dtype.byteSize((long) j * DEPTH + p);
        expect(p * COLUMNS + j, Layouts.element(matrix, dtype, at));
      }
    }
    compare("transposed panels of " + dtype, N);
  }

  private void round() throws EmissionException {
    code.round(a, 0, N, matrix, 0);
    for (int i = 0; i < N; i++) {
      expect(i, SelfTest.roundedToBf16(a(i)));
      result.set(Layouts.FLOAT, 4L * i, Layouts.element(matrix, DType.BF16, 2L * i));
    }
    compare("rounded rows", N);
  }

  /** Rows of the numbers themselves times the matrix, without and with what is there already. */
  private void products(boolean pairs) throws EmissionException {
    DType dtype = pairs ? DType.BF16 : DType.F32;
    writeMatrix(dtype);
    long rowBytes = dtype.byteSize(DEPTH);
    code.pack(matrix, dtype, 0, rowBytes, DEPTH, pairs, panel, 0);
    int words = pairs ? DEPTH / 2 : DEPTH;
    for (int pass = 1; pass <= 2; pass++) {
      code.multiply(
          pairs,
          matrix,
          0,
          rowBytes,
          ROWS,
          panel,
          0,
          words,
          pass == 2,
          result,
          0,
          4L * COLUMNS,
          -1);
      MemorySegment.copy(result, 0, expected, 0, 4L * ROWS * COLUMNS);
      for (int i = 0; i < ROWS; i++) {
        for (int j = i % SAMPLED; j < COLUMNS; j += SAMPLED) {
          double sum = 0;
          for (int p = 0; p < DEPTH; p++) {
            sum +=
                (double) Layouts.element(matrix, dtype, dtype.byteSize((long) i * DEPTH + p))
                    * Layouts.element(matrix, dtype, dtype.byteSize((long) j * DEPTH + p));
          }
          expect(i * COLUMNS + j, pass * sum);
        }
      }
      compare("products with panels of " + dtype, ROWS * COLUMNS);
    }
  }

  /** The matrix as rows of 64 gives the panel that its transpose gives by packing. */
  private void pairRows() throws EmissionException {
    writeMatrix(DType.BF16);
    code.pairRows(matrix, 0, 2L * COLUMNS, DEPTH, panel, 0);
    for (int p = 0; p < DEPTH; p++) {
      for (int j = 0; j < COLUMNS; j++) {
        int i = p * COLUMNS + j;
        long at = 4L * (p / 2 * COLUMNS + j) + 2L * (p % 2);
        result.set(Layouts.FLOAT, 4L * i, Layouts.element(panel, DType.BF16, at));
        expect(i, Layouts.element(matrix, DType.BF16, 2L * i));
      }
    }
    compare("paired rows", N);
  }

  private static boolean isSeen(int row, int column) {
    return column >= row && column < COLUMNS - row;
  }

  private static long seen(int row) {
    return -1L << row & -1L >>> row;
  }

  private void weigh() throws EmissionException {
    int n = ROWS * COLUMNS;
    MemorySegment.copy(a, 0, result, 0, 4L * n);
    MemorySegment.copy(a, 4L * n, panel, 0, 4L * n);
    for (int i = 0; i < ROWS; i++) {
      long at = (long) i * PanelProduct.WEIGHED_BYTES;
      about.set(Layouts.FLOAT, at, 0.1f * i);
      about.set(Layouts.FLOAT, at + 4, 0.2f * i);
      about.set(Layouts.LONG, at + 8, seen(i));
    }
    code.weigh(result, 0, panel, 0, ROWS, about, 0);
    for (int i = 0; i < n; i++) {
      int row = i / COLUMNS;
      expect(i, isSeen(row, i % COLUMNS) ? Math.exp(a(i) - 0.1f * row) : 0);
    }
    compare("weights", n);
    MemorySegment.copy(panel, 0, result, 0, 4L * n);
    for (int i = 0; i < n; i++) {
      int row = i / COLUMNS;
      float weight = expected.get(Layouts.FLOAT, 4L * i);
      expect(i, weight * (a(n + i) - 0.2f * row));
    }
    compare("gradients of weights", n);
  }

  private void softmax() throws EmissionException {
    int n = ROWS * COLUMNS;
    MemorySegment.copy(a, 0, result, 0, 4L * n);
    long bytes = PanelProduct.softmaxBytes(1);
    for (int i = 0; i < ROWS; i++) {
      about.set(Layouts.FLOAT, i * bytes, i == 0 ? 2 : Float.NEGATIVE_INFINITY);
      about.set(Layouts.LONG, i * bytes + PanelProduct.SOFTMAX_BYTES, seen(i));
    }
    int done = code.softmax(result, 0, 4L * COLUMNS, 1, ROWS, about, 0);
    if (done != ROWS) {
      throw new EmissionException("its self-test failed: softmax left rows undone");
    }
    for (int i = 0; i < ROWS; i++) {
      double max = i == 0 ? 2 : Double.NEGATIVE_INFINITY;
      for (int j = i; j < COLUMNS - i; j++) {
        max = Math.max(max, a(i * COLUMNS + j));
      }
      double sum = 0;
      for (int j = 0; j < COLUMNS; j++) {
        double weight = isSeen(i, j) ? Math.exp(a(i * COLUMNS + j) - max) : 0;
        expect(i * COLUMNS + j, weight);
        sum += weight;
      }
      expect(n + 2 * i, max);
      expect(n + 2 * i + 1, sum);
      MemorySegment.copy(about, i * bytes, result, 4L * n + 8L * i, 8);
    }
    compare("a softmax", n + 2 * ROWS);
  }
}
