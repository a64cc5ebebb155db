package dev.wick.backend.cpu.emit;

import dev.wick.backend.cpu.loop.FloatTileDot;
import dev.wick.backend.cpu.loop.GemmTile;
import dev.wick.backend.cpu.loop.InnerLoops;
import dev.wick.backend.cpu.loop.Layouts;
import dev.wick.backend.cpu.loop.RowDot;
import dev.wick.backend.cpu.loop.RowMath;
import dev.wick.backend.cpu.loop.TileDot;
import dev.wick.backend.cpu.loop.TileLayout;
import dev.wick.backend.cpu.scalar.ScalarBlockRows;
import dev.wick.backend.cpu.scalar.ScalarRowMath;
import dev.wick.engine.op.Binary;
import dev.wick.engine.tensor.DType;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Map;
import java.util.Random;

/**
 * Compares emitted loops with scalar ones on a few elements, before anyone relies on them: a
 * processor, or what emulates one, may differ from its description.
 */
final class SelfTest {
  private static final int N = 69;
  private static final int LONG = 835;
  private static final int ROWS = DotTileCode.ROWS + 1;
  private static final int BLOCK = 32;
  private static final int WHOLE = 2 * BLOCK;
  private static final int DEPTH = 7;
  private static final int FLOATS = 1 << 10;
  private static final long BYTES = 4 * FLOATS;
  private static final double TOLERANCE = 1e-4;

  private final InnerLoops loops;
  private final MemorySegment a;
  private final MemorySegment b;
  private final MemorySegment weights;
  private final MemorySegment prepared;
  private final MemorySegment result;
  private final MemorySegment expected;
  private final MemorySegment scratch;

  private SelfTest(InnerLoops loops, Arena arena) {
    this.loops = loops;
    Random random = new Random(42);
    a = arena.allocate(BYTES, 64);
    b = arena.allocate(BYTES, 64);
    for (int i = 0; i < FLOATS; i++) {
      a.set(Layouts.FLOAT, 4L * i, 2 * random.nextFloat() - 1);
      b.set(Layouts.FLOAT, 4L * i, 2 * random.nextFloat() - 1);
    }
    weights = arena.allocate(BYTES, 64);
    prepared = arena.allocate(BYTES, 64);
    result = arena.allocate(BYTES, 64);
    expected = arena.allocate(BYTES, 64);
    scratch = arena.allocate(RowDot.SCRATCH_BYTES, 64);
  }

  /**
   * Runs the loops.
   *
   * @throws EmissionException if a result differs
   */
  static void run(InnerLoops loops) throws EmissionException {
    try (Arena arena = Arena.ofConfined()) {
      SelfTest test = new SelfTest(loops, arena);
      for (DType dtype : new DType[] {DType.F32, DType.BF16, DType.F16}) {
        test.dots(dtype, N);
        test.dots(dtype, WHOLE);
      }
      if (loops.pairs().isPresent()) {
        test.pairs(loops.pairs().get());
      }
      if (loops.vectorBits() == 512) {
        test.blocks();
        for (DType dtype : DType.values()) {
          if (dtype.isQuantized()) {
            test.expansion(dtype);
          }
        }
        test.tiles(loops.tiles().orElseThrow());
        for (Map.Entry<DType, TileDot> entry : loops.int8Tiles().entrySet()) {
          test.int8Tiles(entry.getKey(), entry.getValue());
        }
      }
      test.tile();
      if (loops.tile().panels() != null) {
        PanelSelfTest.run(loops.tile().panels(), arena);
      }
      test.widening(DType.BF16);
      test.widening(DType.F16);
      test.rows();
    }
  }

  private void dots(DType dtype, int n) throws EmissionException {
    int size = dtype.blockBytes();
    writeWeights(dtype, ROWS * n);
    RowDot dot = loops.dot(dtype);
    long xBytes = RowDot.preparedBytes(n);
    for (int i = 0; i < dot.maxVectors(); i++) {
      dot.prepare(a, 4L * i, n, prepared, i * xBytes);
    }
    long rowBytes = (long) n * size;
    for (int i = 0; i < dot.maxVectors(); i++) {
      for (int r = 0; r < ROWS; r++) {
        double sum = 0;
        for (int k = 0; k < n; k++) {
          float w = Layouts.element(weights, dtype, r * rowBytes + (long) k * size);
          sum += (double) w * a.get(Layouts.FLOAT, 4L * (k + i));
        }
        expected.set(Layouts.FLOAT, 4L * (i * ROWS + r), (float) sum);
      }
    }
    for (int vectors = 1; vectors <= dot.maxVectors(); vectors++) {
      long yBytes = 4L * ROWS;
      dot.few(
          weights, 0, rowBytes, ROWS, n, vectors, prepared, 0, xBytes, result, 0, yBytes, scratch,
          0);
      compare("dot products of " + dtype, vectors * ROWS);
    }
  }

  private void pairs(RowDot dot) throws EmissionException {
    int rows = ROWS;
    writeWeights(DType.BF16, rows * WHOLE);
    long xBytes = RowDot.preparedBytes(WHOLE);
    for (int i = 0; i < dot.maxVectors(); i++) {
      dot.prepare(a, 4L * WHOLE * i, WHOLE, prepared, i * xBytes);
      for (int r = 0; r < rows; r++) {
        double sum = 0;
        for (int k = 0; k < WHOLE; k++) {
          float w = Layouts.element(weights, DType.BF16, 2L * (r * WHOLE + k));
          sum += (double) w * roundedToBf16(a.get(Layouts.FLOAT, 4L * (i * WHOLE + k)));
        }
        expected.set(Layouts.FLOAT, 4L * (i * rows + r), (float) sum);
      }
    }
    for (int vectors = 1; vectors <= dot.maxVectors(); vectors++) {
      dot.few(
          weights,
          0,
          2L * WHOLE,
          rows,
          WHOLE,
          vectors,
          prepared,
          0,
          xBytes,
          result,
          0,
          4L * rows,
          scratch,
          0);
      compare("products of BF16 pairs", vectors * rows);
    }
  }

  static float roundedToBf16(float value) {
    int bits = Float.floatToRawIntBits(value);
    int toEven = 0x7fff + (bits >>> 16 & 1);
    return Float.intBitsToFloat(bits + toEven & 0xffff0000);
  }

  private void blocks() throws EmissionException {
    int rows = DotTileCode.ROWS + 1;
    long rowBytes = DType.Q8_0.byteSize(BLOCK);
    for (int r = 0; r < rows; r++) {
      weights.set(Layouts.SHORT, r * rowBytes, Float.floatToFloat16(0.01f * (r + 1)));
      for (int k = 0; k < BLOCK; k++) {
        weights.set(ValueLayout.JAVA_BYTE, r * rowBytes + 2 + k, (byte) (11 * k - 7 * r));
      }
    }
    RowDot dot = loops.dot(DType.Q8_0);
    for (int i = 0; i < dot.maxVectors(); i++) {
      for (int r = 0; r < rows; r++) {
        double sum = 0;
        for (int k = 0; k < BLOCK; k++) {
          float scale = Float.float16ToFloat(weights.get(Layouts.SHORT, r * rowBytes));
          byte q = weights.get(ValueLayout.JAVA_BYTE, r * rowBytes + 2 + k);
          sum += (double) q * scale * a.get(Layouts.FLOAT, 4L * (BLOCK * i + k));
        }
        expected.set(Layouts.FLOAT, 4L * (i * rows + r), (float) sum);
      }
    }
    for (int vectors = 1; vectors <= dot.maxVectors(); vectors++) {
      dot.few(
          weights,
          0,
          rowBytes,
          rows,
          BLOCK,
          vectors,
          a,
          0,
          4L * BLOCK,
          result,
          0,
          4L * rows,
          scratch,
          0);
      compare("dot products of Q8_0", vectors * rows);
    }
    loops.blocks().widenRows(DType.Q8_0, weights, 0, rowBytes, rows, BLOCK, result, 0);
    new ScalarBlockRows().widenRows(DType.Q8_0, weights, 0, rowBytes, rows, BLOCK, expected, 0);
    compare("expanded rows of Q8_0", rows * BLOCK);
  }

  /** Of one block, all bytes of which are such that any two of them are a small F16. */
  private void expansion(DType dtype) throws EmissionException {
    for (int i = 0; i < dtype.blockBytes(); i++) {
      weights.set(ValueLayout.JAVA_BYTE, i, (byte) (0x20 + 7 * i % 16));
    }
    int n = dtype.blockElements();
    loops.blocks().widen(dtype, weights, 0, n, result, 0);
    new ScalarBlockRows().widen(dtype, weights, 0, n, expected, 0);
    compare("expanded blocks of " + dtype, n);
    double sum = 0;
    for (int i = 0; i < n; i++) {
      sum += (double) expected.get(Layouts.FLOAT, 4L * i) * a.get(Layouts.FLOAT, 4L * i);
    }
    expected.set(Layouts.FLOAT, 0, (float) sum);
    loops.dot(dtype).one(weights, 0, dtype.blockBytes(), 1, n, a, 0, result, 0, scratch, 0);
    compare("dot products of " + dtype, 1);
  }

  private void tiles(FloatTileDot dot) throws EmissionException {
    for (int word = 0; word < FloatTileDot.BLOCK_BYTES / 4; word++) {
      int scales = 0x01010101 * (0x20 + word % 8);
      weights.set(Layouts.INT, 4L * word, word < 128 ? word * 0x1234567 : scales);
    }
    for (int i = 0; i < dot.maxVectors(); i++) {
      for (int r = 0; r < FloatTileDot.ROWS; r++) {
        double sum = 0;
        for (int k = 0; k < BLOCK; k++) {
          int word = weights.get(Layouts.INT, 128L * (k / 8) + 4L * r);
          sum += (((word >>> (4 * (k % 8))) & 15) - 8) * a.get(Layouts.FLOAT, 4L * (BLOCK * i + k));
        }
        long scaleAt = 512 + 4L * (r % 16) + r / 16 * 2L;
        sum *= Float.float16ToFloat(weights.get(Layouts.SHORT, scaleAt));
        expected.set(Layouts.FLOAT, 4L * (i * FloatTileDot.ROWS + r), (float) sum);
      }
    }
    long yBytes = 4L * FloatTileDot.ROWS;
    for (int vectors = 1; vectors <= dot.maxVectors(); vectors++) {
      dot.few(weights, 0, 1, BLOCK, vectors, a, 0, 4L * BLOCK, result, 0, yBytes, scratch, 0);
      compare("products with tiles", vectors * FloatTileDot.ROWS);
    }
  }

  /** With weights that are all the same in a row, so that only the sum of x matters. */
  private void int8Tiles(DType dtype, TileDot dot) throws EmissionException {
    TileLayout layout = TileLayout.of(dtype).orElseThrow();
    int most = (1 << layout.bits()) - 1;
    for (int at = 0; at < layout.blockBytes(); at += 4) {
      int quant = (5 * (at / 4 % TileDot.ROWS)) & most;
      int word = 0x01010101 * (0x20 + at / 4 % 8);
      if (!layout.isPacked() && at < layout.lowBytes()) {
        word = 0x01010101 * quant;
      } else if (at < layout.lowBytes()) {
        word = 0x11111111 * (quant & 15);
      } else if (at < layout.scalesAt(0)) {
        word = (quant >> 4) * (layout.highBits() == 1 ? -1 : 0x55555555);
      }
      weights.set(Layouts.INT, at, word);
    }
    long xBytes = dot.preparedBytes(BLOCK);
    for (int i = 0; i < dot.maxVectors(); i++) {
      dot.prepare(a, 4L * BLOCK * i, BLOCK, prepared, i * xBytes);
      double sum = roundedSum(4L * BLOCK * i);
      for (int r = 0; r < TileDot.ROWS; r++) {
        // Scales and offsets are the same in all groups.
        long half = layout.scalesAt(0) + 4L * (r % 16) + r / 16 * 2L;
        float scale = Float.float16ToFloat(weights.get(Layouts.SHORT, half));
        double value = (((5 * r) & most) + layout.lowest() + (layout.hasOffsets() ? 1 : 0)) * scale;
        expected.set(Layouts.FLOAT, 4L * (i * TileDot.ROWS + r), (float) (value * sum));
      }
    }
    long yBytes = 4L * TileDot.ROWS;
    for (int vectors = 1; vectors <= dot.maxVectors(); vectors++) {
      dot.few(weights, 0, 1, BLOCK, vectors, prepared, 0, xBytes, result, 0, yBytes, scratch, 0);
      compare("products of eight bits with tiles of " + dtype, vectors * TileDot.ROWS);
    }
  }

  /** The sum of a block that is rounded to eight bits. */
  private double roundedSum(long at) {
    float largest = 0;
    for (int k = 0; k < BLOCK; k++) {
      largest = Math.max(largest, Math.abs(a.get(Layouts.FLOAT, at + 4L * k)));
    }
    double sum = 0;
    for (int k = 0; k < BLOCK; k++) {
      sum += Math.rint(a.get(Layouts.FLOAT, at + 4L * k) * (127 / largest));
    }
    return sum * largest / 127;
  }

  private void writeWeights(DType dtype, int n) {
    for (int i = 0; i < n; i++) {
      float value = b.get(Layouts.FLOAT, 4L * i);
      switch (dtype) {
        case F32 -> weights.set(Layouts.FLOAT, 4L * i, value);
        case F16 -> weights.set(Layouts.SHORT, 2L * i, Float.floatToFloat16(value));
        default ->
            weights.set(Layouts.SHORT, 2L * i, (short) (Float.floatToRawIntBits(value) >>> 16));
      }
    }
  }

  private void tile() throws EmissionException {
    GemmTile tile = loops.tile();
    int columns = tile.columns();
    long rowBytes = 4L * columns;
    tile.multiply(a, 0, b, 0, DEPTH, a, 64, rowBytes, result, 0, rowBytes);
    for (int i = 0; i < GemmTile.ROWS; i++) {
      for (int j = 0; j < columns; j++) {
        double sum = a.get(Layouts.FLOAT, 64 + 4L * (i * columns + j));
        for (int p = 0; p < DEPTH; p++) {
          sum +=
              (double) a.get(Layouts.FLOAT, 4L * (GemmTile.ROWS * p + i))
                  * b.get(Layouts.FLOAT, 4L * (p * columns + j));
        }
        expected.set(Layouts.FLOAT, 4L * (i * columns + j), (float) sum);
      }
    }
    compare("tiles of products", GemmTile.ROWS * columns);
  }

  private void widening(DType dtype) throws EmissionException {
    int columns = loops.tile().columns();
    writeWeights(dtype, 2 * ROWS * columns);
    loops.tile().widenPairs(weights, 0, result, 0, ROWS, dtype == DType.F16);
    for (int i = 0; i < 2 * ROWS * columns; i++) {
      int at = i / (2 * columns) * 2 * columns + i % 2 * columns + i % (2 * columns) / 2;
      expected.set(Layouts.FLOAT, 4L * at, Layouts.element(weights, dtype, 2L * i));
    }
    compare("widened pairs of " + dtype, 2 * ROWS * columns);
    loops.tile().widenRows(weights, dtype, 0, 2L * columns, result, 0, ROWS);
    for (int i = 0; i < ROWS * columns; i++) {
      expected.set(Layouts.FLOAT, 4L * i, Layouts.element(weights, dtype, 2L * i));
    }
    compare("widened rows of " + dtype, ROWS * columns);
  }

  /** One application of row arithmetic to results. */
  private interface Rows {
    void run(RowMath math, MemorySegment to);
  }

  private void rows() throws EmissionException {
    check("a norm", (math, to) -> math.rmsNorm(a, 0, b, 0, to, 0, N, 1e-6f));
    check("a gate", (math, to) -> math.swiGlu(a, 0, b, 0, to, 0, N));
    check("a rotation", (math, to) -> math.rotate(a, 0, b, 0, b, 400, to, 0, N / 2));
    check("a scaled row", (math, to) -> math.scale(a, 0, 0.7f, to, 0, N));
    for (Binary.Kind kind : new Binary.Kind[] {Binary.Kind.ADD, Binary.Kind.MUL}) {
      check(
          "a sum or product", (math, to) -> math.binary(kind, a, 0, false, b, 0, false, to, 0, N));
    }
    check("exponentials", (math, to) -> math.exp(a, 0, 0.5f, to, 0, N));
    checkNumber("a sum of exponentials", math -> math.sumExp(a, 0, 0.5f, N));
    checkNumber("a maximum", math -> math.max(a, 0, N));
    checkNumber("a search", math -> math.nextAbove(a, 0, 3, N, 0.98f));
    for (int n : new int[] {64, 128}) {
      check("scores", (math, to) -> math.scores(a, 0, b, 0, 4L * n, ROWS, n, 0.1f, to, 0));
      check(
          "a weighted sum",
          (math, to) -> {
            MemorySegment.copy(a, 0, to, 0, 4L * N);
            math.accumulate(a, 0, b, 0, 4L * n, ROWS, n, to, 0);
          });
    }
    check(
        "a weighted sum of long rows",
        LONG,
        (math, to) -> math.accumulate(a, 0, b, 0, 4, ROWS, LONG, to, 0));
  }

  private void check(String what, Rows rows) throws EmissionException {
    check(what, N, rows);
  }

  private void check(String what, int n, Rows rows) throws EmissionException {
    result.fill((byte) 0);
    expected.fill((byte) 0);
    rows.run(loops.rows(), result);
    rows.run(new ScalarRowMath(), expected);
    compare(what, n);
  }

  /** A number that row arithmetic finds. */
  private interface Figure {
    float of(RowMath math);
  }

  private void checkNumber(String what, Figure number) throws EmissionException {
    check(what, (math, to) -> to.set(Layouts.FLOAT, 0, number.of(math)));
  }

  private void compare(String what, int n) throws EmissionException {
    compare(what, result, expected, n);
  }

  /** Compares numbers, at most {@value #TOLERANCE} of each apart, or of 1 if that is more. */
  static void compare(String what, MemorySegment result, MemorySegment expected, int n)
      throws EmissionException {
    for (int i = 0; i < n; i++) {
      float found = result.get(Layouts.FLOAT, 4L * i);
      float wanted = expected.get(Layouts.FLOAT, 4L * i);
      if (!(Math.abs(found - wanted) <= TOLERANCE * Math.max(1, Math.abs(wanted)))) {
        throw new EmissionException(
            "its self-test failed: %s, element %d: expected %s, got %s"
                .formatted(what, i, wanted, found));
      }
    }
  }
}
