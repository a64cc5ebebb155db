package dev.wick.backend.cpu.emit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.wick.backend.cpu.kernel.WeightTiles;
import dev.wick.backend.cpu.loop.FloatTileDot;
import dev.wick.backend.cpu.loop.InnerLoops;
import dev.wick.backend.cpu.loop.Layouts;
import dev.wick.backend.cpu.loop.Loops;
import dev.wick.backend.cpu.loop.PanelProduct;
import dev.wick.backend.cpu.loop.RowDot;
import dev.wick.backend.cpu.loop.TileDot;
import dev.wick.backend.cpu.team.Execution;
import dev.wick.backend.cpu.team.WorkerTeam;
import dev.wick.backend.cpu.vector.VectorLoops;
import dev.wick.engine.op.Binary;
import dev.wick.engine.tensor.DType;
import dev.wick.engine.tensor.Quantization;
import dev.wick.engine.tensor.TensorSpec;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel;
import java.nio.channels.FileChannel.MapMode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Operands end where a mapped file ends, and what follows cannot be touched: a read beyond them
 * would end the JVM.
 */
class GuardPageTest {
  private static final long PAGE = 4096;

  private final EmittedLoops.Outcome outcome =
      EmittedLoops.over(VectorLoops.create(), true, Arena.global());
  private final Random random = new Random(3);

  @TempDir Path folder;

  /**
   * A copy of memory whose last byte is the last one of a page; the page after it is beyond the end
   * of the file, where an access is an error.
   */
  private MemorySegment atEnd(Arena arena, MemorySegment content) {
    long bytes = content.byteSize();
    long size = (bytes + PAGE - 1) & -PAGE;
    Path file = folder.resolve("operand-" + random.nextLong());
    try {
      Files.write(file, new byte[(int) size]);
      try (FileChannel channel =
          FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
        // The mapping of two pages more would extend the file, were it not for the truncation.
        MemorySegment mapped = channel.map(MapMode.READ_WRITE, 0, size + PAGE, arena);
        channel.truncate(size);
        MemorySegment end = mapped.asSlice(size - bytes, bytes);
        end.copyFrom(content);
        return end;
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Test
  void dots_operandsAtTheEndOfMemory_readNothingBeyond() {
    assumeTrue(outcome.reason().isEmpty(), outcome.reason());
    InnerLoops loops = outcome.loops();
    int rows = 4;
    for (DType dtype : new DType[] {DType.F32, DType.BF16, DType.F16}) {
      RowDot dot = loops.dot(dtype);
      for (int n : new int[] {1, 17, 32, 63, 96, 100}) {
        try (Arena arena = Arena.ofShared()) {
          MemorySegment plain = Loops.random(arena, random, dtype, rows * n);
          long rowBytes = dtype.byteSize(n);
          MemorySegment w = atEnd(arena, plain.asSlice(0, rows * rowBytes));
          MemorySegment x = arena.allocate(4L * n * dot.maxVectors(), 64);
          MemorySegment prepared = atEnd(arena, x);
          MemorySegment y = atEnd(arena, arena.allocate(4L * rows * dot.maxVectors(), 64));
          for (int v = 0; v < dot.maxVectors(); v++) {
            dot.prepare(x, 4L * n * v, n, prepared, 4L * n * v);
          }
          MemorySegment scratch = arena.allocate(RowDot.SCRATCH_BYTES, 64);
          int vectors = dot.maxVectors();
          dot.few(
              w, 0, rowBytes, rows, n, vectors, prepared, 0, 4L * n, y, 0, 4L * rows, scratch, 0);

          assertThat(Loops.get(y, rows - 1)).as("%s n=%d", dtype, n).isZero();
        }
      }
    }
  }

  @Test
  void blocks_operandsAtTheEndOfMemory_readNothingBeyond() {
    assumeTrue(
        outcome.reason().isEmpty() && outcome.loops().vectorBits() == 512, "no machine code");
    RowDot rowDot = outcome.loops().dot(DType.Q8_0);
    FloatTileDot tileDot = outcome.loops().tiles().orElseThrow();
    int n = 64;
    for (int vectors = 1; vectors <= rowDot.maxVectors(); vectors++) {
      for (int count : new int[] {1, 4}) {
        try (Arena arena = Arena.ofShared()) {
          MemorySegment w = atEnd(arena, Loops.randomBlocks(arena, random, DType.Q8_0, count * n));
          MemorySegment tiles =
              atEnd(arena, Loops.randomTiles(arena, random, count * n / FloatTileDot.BLOCK));
          MemorySegment x = atEnd(arena, Loops.random(arena, random, vectors * n));
          MemorySegment y = atEnd(arena, arena.allocate(4L * count * vectors, 64));
          long rows = (long) count * FloatTileDot.ROWS;
          MemorySegment z = atEnd(arena, arena.allocate(4L * rows * vectors, 64));
          MemorySegment scratch = atEnd(arena, arena.allocate(RowDot.SCRATCH_BYTES, 64));
          long rowBytes = DType.Q8_0.byteSize(n);
          rowDot.few(w, 0, rowBytes, count, n, vectors, x, 0, 4L * n, y, 0, 4L * count, scratch, 0);
          tileDot.few(tiles, 0, count, n, vectors, x, 0, 4L * n, z, 0, 4 * rows, scratch, 0);

          MemorySegment wide = atEnd(arena, arena.allocate(4L * n, 64));
          outcome.loops().blocks().widen(DType.Q8_0, w, (count - 1) * rowBytes, n, wide, 0);
          MemorySegment all = atEnd(arena, arena.allocate(4L * count * n, 64));
          outcome.loops().blocks().widenRows(DType.Q8_0, w, 0, rowBytes, count, n, all, 0);
          MemorySegment panel = atEnd(arena, arena.allocate(128L * n, 64));
          long last = (count - 1) * (tiles.byteSize() / count);
          tileDot.expand(tiles, last, n / FloatTileDot.BLOCK, panel, 0, 128);
          if (tileDot.takesPairs()) {
            MemorySegment pairs = atEnd(arena, arena.allocate(64L * n, 64));
            tileDot.expandPairs(tiles, last, n / FloatTileDot.BLOCK, pairs, 0, 128);
          }

          assertThat(Loops.get(y, count * vectors - 1)).isNotZero();
          assertThat(Loops.get(z, (int) rows * vectors - 1)).isNotZero();
        }
      }
    }
  }

  @ParameterizedTest
  @EnumSource(
      names = {
        "Q4_0", "Q4_1", "Q5_0", "Q5_1", "Q8_0", "Q2_K", "Q3_K", "Q4_K", "Q5_K", "Q6_K", "IQ4_NL"
      })
  void blocks_ofAnyTypeAtTheEndOfMemory_readNothingBeyond(DType dtype) {
    assumeTrue(
        outcome.reason().isEmpty() && outcome.loops().vectorBits() == 512, "no machine code");
    int n = 2 * dtype.blockElements();
    try (Arena arena = Arena.ofShared()) {
      MemorySegment w = atEnd(arena, Loops.randomBlocks(arena, random, dtype, n));
      MemorySegment wide = atEnd(arena, arena.allocate(4L * n, 64));

      outcome.loops().blocks().widen(dtype, w, 0, n, wide, 0);

      MemorySegment expected = arena.allocate(4L * n, 64);
      Quantization.decode(dtype, w, 0, expected, 0, n);
      assertThat(wide.mismatch(expected)).isEqualTo(-1);

      RowDot dot = outcome.loops().dot(dtype);
      MemorySegment x = atEnd(arena, Loops.random(arena, random, n));
      MemorySegment y = atEnd(arena, arena.allocate(4, 64));
      MemorySegment scratch = atEnd(arena, arena.allocate(dot.scratchBytes(n), 64));
      dot.one(w, 0, dtype.byteSize(n), 1, n, x, 0, y, 0, scratch, 0);
      assertThat(Loops.get(y, 0)).isNotZero();
    }
  }

  private static MemorySegment tiles(Arena arena, MemorySegment blocks, DType dtype, int n) {
    TensorSpec spec = TensorSpec.of(dtype, TileDot.ROWS, n);
    MemorySegment tiles = arena.allocate(WeightTiles.byteSize(spec), 64);
    try (WorkerTeam team = new WorkerTeam(1);
        Execution execution = new Execution(team)) {
      assertThat(WeightTiles.pack(execution, blocks, spec, tiles)).isTrue();
    }
    return tiles;
  }

  @Test
  void int8Tiles_operandsAtTheEndOfMemory_readNothingBeyond() {
    assumeTrue(!outcome.loops().int8Tiles().isEmpty(), "no machine code with AVX-512 VNNI");
    int n = 256;
    outcome
        .loops()
        .int8Tiles()
        .forEach(
            (dtype, dot) -> {
              for (int vectors = 1; vectors <= dot.maxVectors(); vectors++) {
                try (Arena arena = Arena.ofShared()) {
                  MemorySegment blocks = Loops.randomBlocks(arena, random, dtype, n * TileDot.ROWS);
                  MemorySegment w = atEnd(arena, tiles(arena, blocks, dtype, n));
                  MemorySegment x = atEnd(arena, Loops.random(arena, random, vectors * n));
                  long xBytes = dot.preparedBytes(n);
                  MemorySegment rounded = atEnd(arena, arena.allocate(vectors * xBytes, 64));
                  for (int i = 0; i < vectors; i++) {
                    dot.prepare(x, 4L * n * i, n, rounded, i * xBytes);
                  }
                  long yBytes = 4L * TileDot.ROWS;
                  MemorySegment y = atEnd(arena, arena.allocate(vectors * yBytes, 64));
                  MemorySegment scratch = atEnd(arena, arena.allocate(RowDot.SCRATCH_BYTES, 64));

                  dot.few(w, 0, 1, n, vectors, rounded, 0, xBytes, y, 0, yBytes, scratch, 0);

                  assertThat(y.byteSize()).isEqualTo(vectors * yBytes);
                }
              }
            });
  }

  @Test
  void pairs_operandsAtTheEndOfMemory_readNothingBeyond() {
    assumeTrue(outcome.loops().pairs().isPresent(), "no machine code with AVX-512 BF16");
    RowDot dot = outcome.loops().pairs().get();
    for (int n : new int[] {32, 96}) {
      for (int rows : new int[] {1, 3, 7}) {
        for (int vectors = 1; vectors <= dot.maxVectors(); vectors++) {
          try (Arena arena = Arena.ofShared()) {
            MemorySegment w = atEnd(arena, Loops.random(arena, random, DType.BF16, rows * n));
            MemorySegment x = atEnd(arena, Loops.random(arena, random, vectors * n));
            MemorySegment rounded = atEnd(arena, arena.allocate(2L * vectors * n, 64));
            for (int i = 0; i < vectors; i++) {
              dot.prepare(x, 4L * n * i, n, rounded, 2L * n * i);
            }
            MemorySegment y = atEnd(arena, arena.allocate(4L * vectors * rows, 64));
            MemorySegment scratch = atEnd(arena, arena.allocate(RowDot.SCRATCH_BYTES, 64));

            dot.few(
                w, 0, 2L * n, rows, n, vectors, rounded, 0, 2L * n, y, 0, 4L * rows, scratch, 0);

            assertThat(Loops.get(y, vectors * rows - 1)).isNotZero();
          }
        }
      }
    }
  }

  @Test
  void rows_operandsAtTheEndOfMemory_readNothingBeyond() {
    assumeTrue(outcome.reason().isEmpty(), outcome.reason());
    InnerLoops loops = outcome.loops();
    for (int n : new int[] {1, 16, 31, 64, 128, 130, 577}) {
      try (Arena arena = Arena.ofShared()) {
        MemorySegment a = atEnd(arena, Loops.random(arena, random, n));
        MemorySegment b = atEnd(arena, Loops.random(arena, random, n));
        MemorySegment y = atEnd(arena, arena.allocate(4L * n, 64));
        loops.rows().rmsNorm(a, 0, b, 0, y, 0, n, 1e-6f);
        loops.rows().swiGlu(a, 0, b, 0, y, 0, n);
        loops.rows().scale(a, 0, 2, y, 0, n);
        loops.rows().exp(a, 0, 1, y, 0, n);
        loops.rows().binary(Binary.Kind.ADD, a, 0, false, b, 0, false, y, 0, n);
        loops.rows().scores(a, 0, b, 0, 4L * n, 1, n, 1, y, 0);
        loops.rows().accumulate(a, 0, b, 0, 4L * n, 1, n, y, 0);
        float max = loops.rows().max(a, 0, n);

        assertThat(loops.rows().nextAbove(a, 0, 0, n, max)).isEqualTo(n);
        assertThat(loops.rows().sumExp(a, 0, 1, n)).isPositive();
      }
    }
  }

  @Test
  void panels_operandsAtTheEndOfMemory_readNothingBeyond() {
    PanelProduct panels = outcome.loops().tile().panels();
    assumeTrue(panels != null, "no machine code on vectors of 512 bits");
    int depth = 64;
    int m = 13;
    for (DType dtype : new DType[] {DType.F32, DType.BF16, DType.F16}) {
      try (Arena arena = Arena.ofShared()) {
        MemorySegment w = atEnd(arena, Loops.random(arena, random, dtype, 64 * depth));
        MemorySegment panel = atEnd(arena, arena.allocate(4L * 64 * depth, 64));
        MemorySegment a = atEnd(arena, Loops.random(arena, random, m * depth));
        MemorySegment c = atEnd(arena, arena.allocate(4L * m * 64, 64));
        panels.pack(w, dtype, 0, dtype.byteSize(depth), depth, false, panel, 0);
        panels.multiply(false, a, 0, 4L * depth, m, panel, 0, depth, false, c, 0, 256, -1);

        assertThat(Loops.get(c, m * 64 - 1)).isNotZero();
        MemorySegment about = atEnd(arena, arena.allocate(m * PanelProduct.softmaxBytes(1)));
        assertThat(panels.softmax(c, 0, 256, 1, m, about, 0)).isEqualTo(m);
        if (panels.takesPairs()) {
          MemorySegment rounded = atEnd(arena, arena.allocate(2L * m * depth, 64));
          panels.pairRows(w, 0, 128, depth, panel, 0);
          panels.round(a, 0, m * depth, rounded, 0);
          panels.multiply(
              true, rounded, 0, 2L * depth, m, panel, 0, depth / 2, true, c, 0, 256, -1);
        }
      }
    }
  }

  @Test
  void panels_readingAhead_carryOutThePlanAndTouchNothingBeyond() {
    PanelProduct panels = outcome.loops().tile().panels();
    assumeTrue(panels != null, "no machine code on vectors of 512 bits");
    int depth = 64;
    for (int m : new int[] {6, 13, 60, 700}) {
      try (Arena arena = Arena.ofShared()) {
        MemorySegment w = atEnd(arena, Loops.random(arena, random, DType.BF16, 64 * depth));
        long planAt = 4L * 64 * depth;
        MemorySegment panel =
            atEnd(arena, arena.allocate(planAt + PanelProduct.PLAN_BYTES, PanelProduct.PLAN_BYTES));
        MemorySegment a = atEnd(arena, Loops.random(arena, random, m * depth));
        MemorySegment plain = arena.allocate(4L * m * 64, 64);
        MemorySegment ahead = atEnd(arena, arena.allocate(4L * m * 64, 64));
        panels.pack(w, DType.BF16, 0, 2L * depth, depth, false, panel, 0);
        panels.multiply(false, a, 0, 4L * depth, m, panel, 0, depth, false, plain, 0, 256, -1);
        panels.planReading(w, 0, 2L * depth, 64, 2L * depth, panel, planAt);

        panels.multiply(false, a, 0, 4L * depth, m, panel, 0, depth, false, ahead, 0, 256, planAt);

        assertThat(ahead.mismatch(plain)).isEqualTo(-1);
        assertThat(panel.get(Layouts.LONG, planAt + ReadAhead.NEXT))
            .isEqualTo(w.address() + w.byteSize());
      }
    }
  }

  @Test
  void panels_aPlanBeyondTheMatrix_isRefused() {
    PanelProduct panels = outcome.loops().tile().panels();
    assumeTrue(panels != null, "no machine code on vectors of 512 bits");
    try (Arena arena = Arena.ofShared()) {
      MemorySegment w = arena.allocate(128);
      MemorySegment plan = arena.allocate(PanelProduct.PLAN_BYTES);

      assertThatThrownBy(() -> panels.planReading(w, 0, 64, 3, 64, plan, 0))
          .isInstanceOf(IndexOutOfBoundsException.class);
    }
  }
}
