package dev.wick.backend.cpu.emit;

import dev.wick.engine.tensor.DType;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.IntUnaryOperator;

/** What {@link BlockValues} reads beside blocks: tables of 16 words. */
final class BlockTables {
  private static final int LANES = 16;
  private static final int[] NON_LINEAR = {
    -127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113
  };
  private static final List<int[]> TABLES = new ArrayList<>();

  private static final int LOW_TWO_BITS = floats(i -> i & 3);
  private static final int LOW_TWO_BITS_FROM_MINUS_FOUR = floats(i -> (i & 3) - 4);
  private static final int FROM_MINUS_EIGHT = floats(i -> i - 8);
  private static final int FROM_MINUS_SIXTEEN = floats(i -> i - 16);
  private static final int IQ4_VALUES = floats(i -> NON_LINEAR[i]);

  static final int FROM_ZERO = floats(i -> i);
  static final int FROM_SIXTEEN = floats(i -> i + 16);

  /** The same float in each lane. */
  static final int FOUR = floats(_ -> 4);

  static final int THIRTY_TWO = floats(_ -> 32);

  /** What the upper two bits of six, in the lowest two of an index, stand for. */
  static final int UPPER_TWO_OF_SIX = floats(i -> (i & 3) * 16 - 32);

  /** The same bits in each lane. */
  static final int ONE_BIT = words(_ -> 1);

  static final int FOUR_BITS = words(_ -> 15);
  static final int FIFTH_BIT = words(_ -> 16);

  /** How far bit i is to be rotated to the right to become the fifth; then bit 16 + i. */
  static final int TO_FIFTH_BIT = words(i -> i - 4 & 31);

  static final int TO_FIFTH_BIT_OF_SECOND = words(i -> i + 12);
  static final int SIGNS = words(_ -> Integer.MIN_VALUE);

  /** Signs of the upper eight lanes. */
  static final int UPPER_SIGNS = words(i -> i < 8 ? 0 : Integer.MIN_VALUE);

  /** Eight times lane 0, then eight times lane 1. */
  static final int EIGHT_OF_TWO = words(i -> i / 8);

  /**
   * Three tables: where words are picked, how far they are rotated to the right, and which bits
   * stay. The first four words hold the low bits of 16 numbers, the next four their high bits. Here
   * of Q4_K and Q5_K, whose words begin with the two F16 of the block.
   */
  static final int SIX_BITS =
      fields(
          new int[] {1, 3, 2, 3, 1, 1, 2, 2},
          new int[] {0, 0, 0, 4, 0, 2, 0, 2},
          new int[] {0x3f, 0x0f, 0x3f, 0x0f, 0, 0x30, 0, 0x30});

  /** As {@link #SIX_BITS}, of Q3_K. */
  static final int THREE_BITS =
      fields(
          new int[] {0, 1, 0, 1, 2, 2, 2, 2},
          new int[] {0, 0, 4, 4, 28, 30, 0, 2},
          new int[] {0x0f, 0x0f, 0x0f, 0x0f, 0x30, 0x30, 0x30, 0x30});

  private BlockTables() {}

  private static int floats(IntUnaryOperator lane) {
    return words(i -> Float.floatToRawIntBits(lane.applyAsInt(i)));
  }

  private static int words(IntUnaryOperator lane) {
    int[] table = new int[LANES];
    Arrays.setAll(table, lane);
    TABLES.add(table);
    return TABLES.size() - 1;
  }

  private static int fields(int[] from, int[] rotation, int[] bitsOfByte) {
    int first = words(i -> i < from.length ? from[i] : 0);
    words(i -> i < from.length ? rotation[i] : 0);
    words(i -> i < from.length ? 0x01010101 * bitsOfByte[i] : 0);
    return first;
  }

  /** The table of what the low bits of a quant stand for. */
  static int values(DType dtype) {
    return switch (dtype) {
      case Q4_0 -> FROM_MINUS_EIGHT;
      case Q5_0 -> FROM_MINUS_SIXTEEN;
      case Q2_K -> LOW_TWO_BITS;
      case Q3_K -> LOW_TWO_BITS_FROM_MINUS_FOUR;
      case IQ4_NL -> IQ4_VALUES;
      default -> FROM_ZERO;
    };
  }

  /** All tables, one after the other. */
  static MemorySegment write(Arena arena) {
    MemorySegment memory = arena.allocate(4L * LANES * TABLES.size(), 64);
    for (int i = 0; i < TABLES.size(); i++) {
      MemorySegment.copy(TABLES.get(i), 0, memory, ValueLayout.JAVA_INT, 4L * LANES * i, LANES);
    }
    return memory;
  }
}
