package dev.wick.backend.cpu.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import dev.wick.backend.cpu.loop.Layouts;
import dev.wick.backend.cpu.loop.Loops;
import dev.wick.backend.cpu.loop.TileDot;
import dev.wick.backend.cpu.loop.TileLayout;
import dev.wick.engine.tensor.DType;
import dev.wick.engine.tensor.QuantizedBlock;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Tiles of whole words, compared with the same tiles made number by number. */
class PackedRowsTest {
  private static final long SEED = 23;

  @ParameterizedTest
  @EnumSource(names = {"Q4_0", "Q4_1", "Q5_0", "Q5_1", "Q4_K", "Q5_K", "Q6_K"})
  void pack_randomBlocks_hasTheBytesOfNumberByNumber(DType dtype) {
    TileLayout layout = TileLayout.of(dtype).orElseThrow();
    int n = 3 * dtype.blockElements();
    int blocks = n / TileDot.BLOCK;
    long rowBytes = dtype.byteSize(n);
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment rows = Loops.randomBlocks(arena, new Random(SEED), dtype, TileDot.ROWS * n);
      // The largest finite scale is too large only where it is multiplied with those of groups.
      float[] scales = {65_504, -0f, Float.NEGATIVE_INFINITY};
      Random random = new Random(SEED);
      for (int r = 0; r < TileDot.ROWS; r += 4) {
        short scale = Float.floatToFloat16(scales[random.nextInt(scales.length)]);
        rows.set(Layouts.SHORT, r * rowBytes + (dtype == DType.Q6_K ? 208 : 0), scale);
      }
      MemorySegment packed = arena.allocate((long) blocks * layout.blockBytes(), 64);
      MemorySegment expected = arena.allocate(packed.byteSize(), 64);
      PackedRows words = new PackedRows(dtype, layout);

      for (int r = 0; r < TileDot.ROWS; r++) {
        assertThat(words.pack(rows, r * rowBytes, blocks, packed, 0, r))
            .as("seed %d, row %d: finite", SEED, r)
            .isEqualTo(packOneByOne(dtype, layout, rows, r * rowBytes, blocks, expected, r));
      }

      assertThat(packed.mismatch(expected))
          .as("first byte that differs, seed %d", SEED)
          .isEqualTo(-1);
    }
  }

  private static boolean packOneByOne(
      DType dtype,
      TileLayout layout,
      MemorySegment source,
      long from,
      int blocks,
      MemorySegment target,
      int row) {
    QuantizedBlock block = new QuantizedBlock(dtype);
    boolean finite = true;
    for (int b = 0; b < blocks; b++) {
      int first = b * TileDot.BLOCK % dtype.blockElements();
      block.read(source, from + dtype.byteSize((long) b * TileDot.BLOCK - first));
      long at = (long) b * layout.blockBytes();
      packQuants(layout, block, first, target, at, row);
      finite &= packScales(layout, block, first, target, at, row);
    }
    return finite;
  }

  private static void packQuants(
      TileLayout layout, QuantizedBlock block, int first, MemorySegment target, long at, int row) {
    int highBits = layout.highBits();
    int[] planes = new int[highBits];
    for (int eight = 0; eight < TileDot.BLOCK / 8; eight++) {
      int low = 0;
      for (int i = 0; i < 8; i++) {
        int quant = block.quant(first + 8 * eight + i) - layout.lowest();
        low |= (quant & 15) << (4 * i);
        if (highBits > 0) {
          int bit = highBits * (2 * eight + i % 2);
          planes[bit / 8] |= (quant >> 4) << (i / 2 * 8 + bit % 8);
        }
      }
      target.set(Layouts.INT, at + 4L * (eight * TileDot.ROWS + row), low);
    }
    for (int i = 0; i < highBits; i++) {
      long plane = at + layout.lowBytes() + (long) i * layout.planeBytes();
      target.set(Layouts.INT, plane + 4L * row, planes[i]);
    }
  }

  private static boolean packScales(
      TileLayout layout, QuantizedBlock block, int first, MemorySegment target, long at, int row) {
    boolean finite = true;
    int place = 4 * (row % 16) + 2 * (row / 16);
    for (int group = 0; group < layout.groups(); group++) {
      int of = first / block.groupElements() + group;
      finite &= packHalf(block.scale(of), target, at + layout.scalesAt(group) + place);
      if (layout.hasOffsets()) {
        finite &= packHalf(block.offset(of), target, at + layout.offsetsAt(group) + place);
      }
    }
    return finite;
  }

  private static boolean packHalf(float value, MemorySegment target, long at) {
    short half = Float.floatToFloat16(value);
    target.set(Layouts.SHORT, at, half);
    return Float.isFinite(Float.float16ToFloat(half));
  }
}
