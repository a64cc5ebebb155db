package dev.wick.backend.cpu.emit;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Writes x86-64 instructions: the few general ones that loops need, and vector instructions in the
 * VEX form (128 and 256 bits, registers 0 to 15) or the EVEX form (512 bits, registers 16 to 31).
 *
 * <p>Not thread-safe. Wrong operands are errors of the kernels in this package; they are checked
 * where a wrong byte would result.
 */
final class Assembler {
  static final int RAX = 0;
  static final int RCX = 1;
  static final int RDX = 2;
  static final int RBX = 3;
  static final int RSP = 4;
  static final int RBP = 5;
  static final int RSI = 6;
  static final int RDI = 7;
  static final int R8 = 8;
  static final int R9 = 9;
  static final int R10 = 10;
  static final int R11 = 11;
  static final int R12 = 12;
  static final int R13 = 13;
  static final int R14 = 14;
  static final int R15 = 15;

  /** Conditions of {@link #jump}: the low bits of its opcode. */
  static final int BELOW = 2;

  static final int ZERO = 4;
  static final int NOT_ZERO = 5;
  static final int LESS_OR_EQUAL = 14;
  static final int GREATER = 15;

  private static final int AROUND_RIGHT = 0;
  private static final int LEFT = 6;
  private static final int RIGHT = 2;
  private static final int BYTES_RIGHT = 3;

  private byte[] bytes = new byte[1024];
  private int size;

  /** The code so far. */
  byte[] toBytes() {
    return Arrays.copyOf(bytes, size);
  }

  /** Bytes so far. */
  int size() {
    return size;
  }

  private void put(int... values) {
    if (size + values.length > bytes.length) {
      bytes = Arrays.copyOf(bytes, 2 * bytes.length);
    }
    for (int value : values) {
      bytes[size++] = (byte) value;
    }
  }

  private void putInt(int value) {
    put(value, value >> 8, value >> 16, value >> 24);
  }

  // ModRM, SIB and displacement. Always a displacement of 32 bits, since EVEX scales short ones.
  private void memory(int reg, Mem mem) {
    if (mem.index() == RSP || Integer.bitCount(mem.scale()) != 1 || mem.scale() > 8) {
      throw new IllegalArgumentException("memory: expected an encodable operand, got " + mem);
    }
    if (mem.index() >= 0 || (mem.base() & 7) == RSP) {
      int index = mem.index() < 0 ? RSP : mem.index() & 7;
      int scale = Integer.numberOfTrailingZeros(mem.scale());
      put(0x84 | (reg & 7) << 3, scale << 6 | index << 3 | (mem.base() & 7));
    } else {
      put(0x80 | (reg & 7) << 3 | (mem.base() & 7));
    }
    putInt(mem.displacement());
  }

  /** A place to jump to. */
  static final class Label {
    private int position = -1;
    private final List<Integer> uses = new ArrayList<>();
  }

  /** Makes a label stand for the next instruction. */
  void bind(Label label) {
    label.position = size;
    for (int use : label.uses) {
      int distance = size - (use + 4);
      for (int i = 0; i < 4; i++) {
        bytes[use + i] = (byte) (distance >> (8 * i));
      }
    }
  }

  /** A label that stands for the next instruction. */
  Label here() {
    Label label = new Label();
    bind(label);
    return label;
  }

  /** Jumps if a condition holds. */
  void jump(int condition, Label target) {
    put(0x0f, 0x80 | condition);
    distance(target);
  }

  /** Jumps. */
  void jump(Label target) {
    put(0xe9);
    distance(target);
  }

  private void distance(Label target) {
    if (target.position < 0) {
      target.uses.add(size);
      putInt(0);
    } else {
      putInt(target.position - (size + 4));
    }
  }

  private void general(int opcode, int reg, int rm) {
    put(0x48 | reg >> 3 << 2 | rm >> 3, opcode, 0xc0 | (reg & 7) << 3 | (rm & 7));
  }

  private void general(int opcode, int reg, Mem mem) {
    int x = mem.index() < 0 ? 0 : mem.index() >> 3;
    put(0x48 | reg >> 3 << 2 | x << 1 | mem.base() >> 3, opcode);
    memory(reg, mem);
  }

  void move(int to, int from) {
    general(0x89, from, to);
  }

  void load(int to, Mem from) {
    general(0x8b, to, from);
  }

  /** {@code to = address of from}. */
  void address(int to, Mem from) {
    general(0x8d, to, from);
  }

  void add(int to, int from) {
    general(0x01, from, to);
  }

  void subtract(int to, int from) {
    general(0x29, from, to);
  }

  void and(int to, int value) {
    general(0x81, 4, to);
    putInt(value);
  }

  void addImmediate(int to, int value) {
    general(0x81, 0, to);
    putInt(value);
  }

  void compareImmediate(int a, int value) {
    general(0x81, 7, a);
    putInt(value);
  }

  void test(int a) {
    general(0x85, a, a);
  }

  void decrement(int a) {
    general(0xff, 1, a);
  }

  void shiftLeft(int a, int bits) {
    general(0xc1, 4, a);
    put(bits);
  }

  void shiftRight(int a, int bits) {
    general(0xc1, 5, a);
    put(bits);
  }

  /** The lower half of a register; clears the upper one. */
  void moveImmediate(int to, int value) {
    if (to > 7) {
      throw new IllegalArgumentException("move: expected a register below 8, got " + to);
    }
    put(0xb8 | to);
    putInt(value);
  }

  /** {@code to = an unsigned 16-bit number}. */
  void loadShort(int to, Mem from) {
    int x = from.index() < 0 ? 0 : from.index() >> 3;
    put(0x48 | to >> 3 << 2 | x << 1 | from.base() >> 3, 0x0f, 0xb7);
    memory(to, from);
  }

  /** {@code to = number of zeroes below the lowest one}. */
  void trailingZeros(int to, int from) {
    put(0xf3, 0x48 | to >> 3 << 2 | from >> 3, 0x0f, 0xbc, 0xc0 | (to & 7) << 3 | (from & 7));
  }

  void push(int a) {
    if (a > 7) {
      put(0x41);
    }
    put(0x50 | (a & 7));
  }

  void pop(int a) {
    if (a > 7) {
      put(0x41);
    }
    put(0x58 | (a & 7));
  }

  /** Leaves vector registers as the JVM expects them, and returns. */
  void leave() {
    put(0xc5, 0xf8, 0x77, 0xc3);
  }

  void store(Mem to, int from) {
    general(0x89, from, to);
  }

  /** Reads a cache line ahead; an address that is not mapped is ignored. */
  void prefetch(Mem mem) {
    prefetch(mem, 1);
  }

  /**
   * As {@link #prefetch(Mem)}.
   *
   * @param level of the nearest cache that gets the line, 1 to 3
   */
  void prefetch(Mem mem, int level) {
    if (mem.base() > 7 || mem.index() > 7) {
      put(0x40 | (mem.index() > 7 ? 2 : 0) | mem.base() >> 3);
    }
    put(0x0f, 0x18);
    memory(level, mem);
  }

  // Vector instructions. Bits is the width, v the first source of those that have two.

  void vector(VectorOp op, int bits, int reg, int v, int rm) {
    masked(op, bits, reg, v, rm, 0, false);
  }

  void vector(VectorOp op, int bits, int reg, int v, int rm, int immediate) {
    masked(op, bits, reg, v, rm, 0, false);
    put(immediate);
  }

  void vector(VectorOp op, int bits, int reg, int v, Mem mem) {
    int x = mem.index() < 0 ? 0 : mem.index() >> 3;
    if (bits == 512 || Math.max(reg, v) > 15) {
      evex(op, bits, reg, v, mem.base() >> 3, x, 0, false);
    } else {
      vex(op, bits, reg, v, mem.base() >> 3, x);
    }
    memory(reg, mem);
  }

  /** Under a mask register; with {@code zeroing}, lanes outside of the mask become zero. */
  void masked(VectorOp op, int bits, int reg, int v, int rm, int mask, boolean zeroing) {
    if (bits == 512 || Math.max(rm, Math.max(reg, v)) > 15) {
      evex(op, bits, reg, v, rm >> 3 & 1, rm >> 4, mask, zeroing);
    } else {
      vex(op, bits, reg, v, rm >> 3, 0);
    }
    put(0xc0 | (reg & 7) << 3 | (rm & 7));
  }

  /** Stores the lanes of a mask register. */
  void storeMasked(int bits, Mem to, int from, int mask) {
    int x = to.index() < 0 ? 0 : to.index() >> 3;
    evex(VectorOp.STORE, bits, from, 0, to.base() >> 3, x, mask, false);
    memory(from, to);
  }

  /** {@code mask = lanes where the comparison holds}. */
  void compare(int mask, int a, int b, int predicate) {
    vector(VectorOp.COMPARE, 512, mask, a, b, predicate);
  }

  private void evex(
      VectorOp op, int bits, int reg, int v, int b, int x, int mask, boolean zeroing) {
    put(
        0x62,
        (~reg >> 3 & 1) << 7 | (~x & 1) << 6 | (~b & 1) << 5 | (~reg >> 4 & 1) << 4 | op.map(),
        (op.isWide() ? 0x80 : 0) | (~v & 15) << 3 | 4 | op.prefix(),
        (zeroing ? 0x80 : 0) | bits >> 8 << 5 | (~v >> 4 & 1) << 3 | mask,
        op.opcode());
  }

  private void vex(VectorOp op, int bits, int reg, int v, int b, int x) {
    put(
        0xc4,
        (~reg >> 3 & 1) << 7 | (~x & 1) << 6 | (~b & 1) << 5 | op.map(),
        (~v & 15) << 3 | (bits == 256 ? 4 : 0) | op.prefix(),
        op.opcode());
  }

  void vectorShiftLeft(int bits, int to, int from, int by) {
    vector(VectorOp.SHIFT_IMMEDIATE, bits, LEFT, to, from, by);
  }

  void vectorShiftLeft(int bits, int to, Mem from, int by) {
    vector(VectorOp.SHIFT_IMMEDIATE, bits, LEFT, to, from);
    put(by);
  }

  void vectorShiftRight(int bits, int to, int from, int by) {
    vector(VectorOp.SHIFT_IMMEDIATE, bits, RIGHT, to, from, by);
  }

  void vectorRotateRight(int bits, int to, int from, int by) {
    vector(VectorOp.SHIFT_IMMEDIATE, bits, AROUND_RIGHT, to, from, by);
  }

  /** All 16 bytes of a vector towards its first one. */
  void vectorShiftBytesRight(int to, int from, int by) {
    vector(VectorOp.SHIFT_BYTES, 128, BYTES_RIGHT, to, from, by);
  }

  /** All lanes become the number in the low half of a general register. */
  void broadcastRegister(int bits, int to, int general) {
    if (bits == 512) {
      vector(VectorOp.BROADCAST_REGISTER, 512, to, 0, general);
    } else {
      vector(VectorOp.MOVE_INT_TO_LANE, 128, to, 0, general);
      vector(VectorOp.BROADCAST_INT, bits, to, 0, to);
    }
  }

  /** {@code mask = the low bits of a general register}. */
  void moveToMask(int mask, int general) {
    put(0xc4, 0xe1 & ~(general >> 3 << 5), 0x78, 0x92, 0xc0 | mask << 3 | (general & 7));
  }

  /** {@code general = mask}, 16 lanes. */
  void moveFromMask(int general, int mask) {
    put(0xc5, 0xf8 & ~(general >> 3 << 7), 0x93, 0xc0 | (general & 7) << 3 | mask);
  }
}
