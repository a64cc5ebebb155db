package dev.wick.backend.cpu.emit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.wick.backend.cpu.loop.GemmTile;
import dev.wick.backend.cpu.loop.InnerLoops;
import dev.wick.backend.cpu.loop.Layouts;
import dev.wick.backend.cpu.loop.Loops;
import dev.wick.backend.cpu.loop.RowDot;
import dev.wick.backend.cpu.loop.RowMath;
import dev.wick.backend.cpu.vector.VectorLoops;
import dev.wick.engine.op.Binary;
import dev.wick.engine.tensor.DType;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.Random;
import java.util.Set;
import java.util.function.BiConsumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class EmittedLoopsTest {
  private static final int[] LENGTHS = {1, 15, 16, 17, 31, 32, 33, 64, 100, 128, 896};

  private final InnerLoops vector = VectorLoops.create();
  private final EmittedLoops.Outcome outcome = EmittedLoops.over(vector, true, Arena.global());
  private final Arena arena = Arena.ofShared();
  private final Random random = new Random(7);

  @AfterEach
  void free() {
    arena.close();
  }

  private void assumeEmitted() {
    assumeTrue(outcome.reason().isEmpty(), outcome.reason());
  }

  @Test
  void over_processorWithAvx2_emits() {
    assumeTrue(Machine.current().hasNarrow() && vector.vectorBits() >= 256, "no AVX2");

    assertThat(outcome.reason()).isEmpty();
    assertThat(outcome.description()).isEqualTo(vector.vectorBits() + "-bit machine code");
  }

  @Test
  void over_switchedOff_keepsLoopsAndSaysWhy() {
    EmittedLoops.Outcome off = with("false");

    assertThat(off.loops()).isSameAs(vector);
    assertThat(off.description())
        .isEqualTo(vector.description() + " (no machine code: wick.cpu.emit is false)");
  }

  @Test
  void over_deniedPages_keepsLoopsAndSaysWhy() {
    EmittedLoops.Outcome denied = with("denied");

    assertThat(denied.loops()).isSameAs(vector);
    assertThat(denied.reason()).contains("the system refuses");
  }

  private EmittedLoops.Outcome with(String value) {
    System.setProperty(EmittedLoops.PROPERTY, value);
    try {
      return EmittedLoops.over(vector, true, arena);
    } finally {
      System.clearProperty(EmittedLoops.PROPERTY);
    }
  }

  @Test
  void emit_unknownProcessor_isRefused() {
    Machine plain = new Machine(Set.of("sse2"));

    assertThatThrownBy(() -> EmittedLoops.emit(vector, plain, true, arena))
        .isInstanceOf(EmissionException.class)
        .hasMessageContaining("AVX2");
  }

  @Test
  void selfTest_wrongLoops_areRefused() {
    RowMath wrong = Loops.all().findFirst().orElseThrow().rows();
    InnerLoops swapped =
        new InnerLoops(
            "swapped",
            vector.vectorBits(),
            vector.f32(),
            vector.f16(),
            vector.bf16(),
            vector.pairs(),
            vector.blocks(),
            vector.tiles(),
            vector.int8Tiles(),
            vector.tile(),
            wrong);

    assertThatThrownBy(() -> SelfTest.run(swapped))
        .isInstanceOf(EmissionException.class)
        .hasMessageStartingWith("its self-test failed: dot products of BF16");
  }

  @Test
  void dot_bf16AndF32_haveTheBitsOfTheVectorForm() {
    assumeEmitted();
    for (DType dtype : new DType[] {DType.BF16, DType.F32}) {
      for (int n : LENGTHS) {
        for (int vectors = 1; vectors <= 4; vectors++) {
          byte[] expected = products(vector.dot(dtype), dtype, n, vectors);

          assertThat(products(outcome.loops().dot(dtype), dtype, n, vectors))
              .as("%s n=%d vectors=%d", dtype, n, vectors)
              .isEqualTo(expected);
        }
      }
    }
  }

  @Test
  void few_everyNumberOfVectors_hasTheBitsOfOne() {
    assumeEmitted();
    for (DType dtype : new DType[] {DType.BF16, DType.F32, DType.F16}) {
      RowDot dot = outcome.loops().dot(dtype);
      for (int n : new int[] {32, 160, 165}) {
        byte[] alone = products(dot, dtype, n, 1);
        for (int vectors = 2; vectors <= dot.maxVectors(); vectors++) {
          byte[] together = products(dot, dtype, n, vectors);

          assertThat(Arrays.copyOf(together, alone.length))
              .as("%s, %d elements, %d vectors", dtype, n, vectors)
              .isEqualTo(alone);
        }
      }
    }
  }

  private byte[] products(RowDot dot, DType dtype, int n, int vectors) {
    Random seeded = new Random(n);
    int rows = 5;
    MemorySegment w = Loops.random(arena, seeded, dtype, rows * n);
    MemorySegment x = Loops.random(arena, seeded, 8 * n);
    long xBytes = RowDot.preparedBytes(n);
    MemorySegment prepared = arena.allocate(vectors * xBytes, 64);
    for (int i = 0; i < vectors; i++) {
      dot.prepare(x, 4L * n * i, n, prepared, i * xBytes);
    }
    MemorySegment y = arena.allocate(4L * vectors * rows, 64);
    MemorySegment scratch = arena.allocate(RowDot.SCRATCH_BYTES, 64);
    long rowBytes = dtype.byteSize(n);
    dot.few(w, 0, rowBytes, rows, n, vectors, prepared, 0, xBytes, y, 0, 4L * rows, scratch, 0);
    return y.toArray(ValueLayout.JAVA_BYTE);
  }

  @Test
  void tile_anyDepth_hasTheBitsOfTheVectorForm() {
    assumeEmitted();
    GemmTile tile = vector.tile();
    int columns = tile.columns();
    assertThat(outcome.loops().tile().columns()).isEqualTo(columns);
    MemorySegment a = Loops.random(arena, random, 4 * 384);
    MemorySegment b = Loops.random(arena, random, columns * 384);
    for (int depth : new int[] {1, 2, 3, 4, 7, 64, 384}) {
      check(
          "depth " + depth,
          8 * columns,
          (loops, c) ->
              loops.tile().multiply(a, 0, b, 0, depth, b, 0, 4L * columns, c, 0, 8L * columns));
    }
  }

  @Test
  void rows_anyLength_haveTheBitsOfTheVectorForm() {
    assumeEmitted();
    MemorySegment a = Loops.random(arena, random, 1000);
    MemorySegment b = Loops.random(arena, random, 1000);
    // What exponentials, maxima and searches treat apart.
    float[] special = {200, -200, 88.73f, -87.34f, -0f, 0f, Float.NEGATIVE_INFINITY};
    for (int i = 0; i < special.length; i++) {
      a.set(Layouts.FLOAT, 20L * i + 4, special[i]);
    }
    for (int n : LENGTHS) {
      String as = "n=" + n;
      check(as, n, (l, y) -> l.rows().rmsNorm(b, 0, a, 0, y, 0, n, 1e-6f));
      check(as, n, (l, y) -> l.rows().swiGlu(a, 0, b, 0, y, 0, n));
      check(as, 2 * n, (l, y) -> l.rows().rotate(b, 0, a, 0, b, 40, y, 0, n / 2));
      check(as, n, (l, y) -> l.rows().scale(a, 0, 0.3f, y, 0, n));
      check(as, n + 1, (l, y) -> last(y, n, l.rows().exp(a, 0, 0.5f, y, 0, n)));
      check(as, n + 1, (l, y) -> last(y, n, l.rows().sumExp(a, 4, 0.5f, n)));
      check(as, n + 1, (l, y) -> last(y, n, l.rows().max(a, 0, n)));
      check(as, n + 1, (l, y) -> last(y, n, l.rows().nextAbove(b, 0, n / 3, n, 0.9f)));
      check(as, n, (l, y) -> add(l.rows(), a, b, y, n));
      check(as, n, (l, y) -> l.rows().accumulate(b, 0, b, 64, 4, 5, n, y, 0));
      check(as, 5, (l, y) -> l.rows().scores(b, 0, b, 64, 4, 5, n, 0.1f, y, 0));
    }
  }

  private static void add(RowMath rows, MemorySegment a, MemorySegment b, MemorySegment y, int n) {
    rows.binary(Binary.Kind.ADD, a, 0, false, b, 0, false, y, 0, n);
    rows.binary(Binary.Kind.MUL, y, 0, false, b, 4, false, y, 0, n);
  }

  private static void last(MemorySegment y, int n, float value) {
    y.set(Layouts.FLOAT, 4L * n, value);
  }

  @Test
  void max_nanAndZeros_areAsInJava() {
    assumeEmitted();
    RowMath rows = outcome.loops().rows();
    for (int place = 0; place < 40; place++) {
      MemorySegment x = arena.allocate(160, 64);
      for (int i = 0; i < 40; i++) {
        x.set(Layouts.FLOAT, 4L * i, i == place ? 0f : -0f);
      }
      assertThat(1 / rows.max(x, 0, 40)).as("zero at %d", place).isPositive();
      x.set(Layouts.FLOAT, 4L * place, Float.NaN);
      assertThat(rows.max(x, 0, 40)).as("NaN at %d", place).isNaN();
      assertThat(rows.nextAbove(x, 0, 0, 40, 1)).isEqualTo(place);
    }
  }

  private void check(String what, int n, BiConsumer<InnerLoops, MemorySegment> use) {
    MemorySegment expected = arena.allocate(4L * n + 64, 64);
    MemorySegment actual = arena.allocate(4L * n + 64, 64);
    use.accept(vector, expected);
    use.accept(outcome.loops(), actual);

    assertThat(actual.toArray(Layouts.INT)).as(what).isEqualTo(expected.toArray(Layouts.INT));
  }

  @Test
  void few_beyondTheMatrix_isRefused() {
    assumeEmitted();
    MemorySegment w = arena.allocate(2 * 64 * 3 - 2, 64);
    MemorySegment x = arena.allocate(4 * 64, 64);
    RowDot dot = outcome.loops().bf16();

    assertThatThrownBy(() -> dot.one(w, 0, 128, 3, 64, x, 0, x, 0, x, 0))
        .isInstanceOf(IndexOutOfBoundsException.class);
    assertThatThrownBy(() -> dot.one(w.asReadOnly(), 0, 128, 2, 64, x, 0, w.asReadOnly(), 0, x, 0))
        .isInstanceOf(UnsupportedOperationException.class)
        .hasMessageContaining("expected writable memory");
  }

  @Test
  void few_closedMemory_isRefused() {
    assumeEmitted();
    MemorySegment x = arena.allocate(4 * 64, 64);
    MemorySegment closed;
    try (Arena shortLived = Arena.ofShared()) {
      closed = shortLived.allocate(128, 64);
    }

    assertThatThrownBy(() -> outcome.loops().bf16().one(closed, 0, 128, 1, 64, x, 0, x, 0, x, 0))
        .isInstanceOf(IllegalStateException.class);
  }
}
