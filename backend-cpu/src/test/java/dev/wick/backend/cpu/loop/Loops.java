package dev.wick.backend.cpu.loop;

import dev.wick.backend.cpu.emit.EmittedLoops;
import dev.wick.backend.cpu.scalar.ScalarLoops;
import dev.wick.backend.cpu.vector.VectorLoops;
import dev.wick.engine.tensor.DType;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Random;
import java.util.stream.Stream;

/** Every form of the inner loops, and memory to try them on. */
public final class Loops {
  private Loops() {}

  /** The forms that this machine can run; where there is no machine code, a form occurs twice. */
  public static Stream<InnerLoops> all() {
    InnerLoops vector = VectorLoops.create();
    return Stream.of(
        ScalarLoops.create(), vector, EmittedLoops.over(vector, true, Arena.global()).loops());
  }

  public static MemorySegment floats(Arena arena, float... values) {
    MemorySegment segment = arena.allocate(Math.max(4, 4L * values.length), 64);
    for (int i = 0; i < values.length; i++) {
      segment.set(Layouts.FLOAT, 4L * i, values[i]);
    }
    return segment;
  }

  public static MemorySegment random(Arena arena, Random random, int n) {
    float[] values = new float[n];
    for (int i = 0; i < n; i++) {
      values[i] = random.nextFloat() * 2 - 1;
    }
    return floats(arena, values);
  }

  /** Random values in a stored type. */
  public static MemorySegment random(Arena arena, Random random, DType dtype, int n) {
    MemorySegment segment = arena.allocate(Math.max(4, dtype.byteSize(n)), 64);
    for (int i = 0; i < n; i++) {
      float value = random.nextFloat() * 2 - 1;
      switch (dtype) {
        case F32 -> segment.set(Layouts.FLOAT, 4L * i, value);
        case F16 -> segment.set(Layouts.SHORT, 2L * i, Float.floatToFloat16(value));
        default ->
            segment.set(Layouts.SHORT, 2L * i, (short) (Float.floatToRawIntBits(value) >>> 16));
      }
    }
    return segment;
  }

  /** Random blocks of a quantised type, with small scales. */
  public static MemorySegment randomBlocks(Arena arena, Random random, DType dtype, int n) {
    MemorySegment segment = arena.allocate(dtype.byteSize(n), 64);
    byte[] bytes = new byte[(int) segment.byteSize()];
    random.nextBytes(bytes);
    MemorySegment.copy(bytes, 0, segment, ValueLayout.JAVA_BYTE, 0, bytes.length);
    for (long at = 0; at < bytes.length; at += dtype.blockBytes()) {
      for (int scaleAt : scales(dtype)) {
        float scale = 0.02f * random.nextFloat() - 0.01f;
        segment.set(Layouts.SHORT, at + scaleAt, Float.floatToFloat16(scale));
      }
    }
    return segment;
  }

  private static int[] scales(DType dtype) {
    return switch (dtype) {
      case Q4_1, Q5_1, Q4_K, Q5_K -> new int[] {0, 2};
      case Q2_K -> new int[] {80, 82};
      case Q3_K -> new int[] {108};
      case Q6_K -> new int[] {208};
      default -> new int[] {0};
    };
  }

  /** Random tiles as {@link FloatTileDot} reads them. */
  public static MemorySegment randomTiles(Arena arena, Random random, int blocks) {
    MemorySegment segment = arena.allocate((long) FloatTileDot.BLOCK_BYTES * blocks, 64);
    byte[] bytes = new byte[(int) segment.byteSize()];
    random.nextBytes(bytes);
    MemorySegment.copy(bytes, 0, segment, ValueLayout.JAVA_BYTE, 0, bytes.length);
    for (int i = 0; i < blocks * FloatTileDot.ROWS; i++) {
      long at =
          (long) i / FloatTileDot.ROWS * FloatTileDot.BLOCK_BYTES
              + 512
              + i % FloatTileDot.ROWS * 2L;
      segment.set(Layouts.SHORT, at, Float.floatToFloat16(0.02f * random.nextFloat() - 0.01f));
    }
    return segment;
  }

  public static float get(MemorySegment segment, int index) {
    return segment.get(Layouts.FLOAT, 4L * index);
  }
}
