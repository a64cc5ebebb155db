package dev.wick.backend.cpu.emit;

import static dev.wick.backend.cpu.emit.Assembler.R10;
import static dev.wick.backend.cpu.emit.Assembler.R11;
import static dev.wick.backend.cpu.emit.Assembler.RAX;
import static dev.wick.backend.cpu.emit.Assembler.RDI;

import dev.wick.backend.cpu.emit.Assembler.Label;
import java.util.function.Consumer;

/**
 * Emits arithmetic on rows, on vectors of 512 bits and in the order of operations of the Vector
 * API's form. Counts are whole vectors, at least one.
 */
final class RowCode {
  private static final int BITS = 512;
  private static final int BYTES = 64;

  /** Bytes by which reading long rows is ahead of their use. */
  private static final int AHEAD = 1024;

  private static final int LARGER = 5;
  private static final int UNORDERED = 3;
  private static final int NOT_AT_MOST = 0x16;

  private RowCode() {}

  /** Runs a body for each vector: a, b and d go on by one each time. */
  private static byte[] each(Consumer<Assembler> before, Consumer<Assembler> body) {
    Assembler asm = new Assembler();
    before.accept(asm);
    Label loop = asm.here();
    body.accept(asm);
    asm.addImmediate(Arguments.A, BYTES);
    asm.addImmediate(Arguments.B, BYTES);
    asm.addImmediate(Arguments.D, BYTES);
    asm.decrement(Arguments.C);
    asm.jump(Assembler.NOT_ZERO, loop);
    asm.leave();
    return asm.toBytes();
  }

  private static void broadcastFloat(Assembler asm) {
    asm.vector(VectorOp.BROADCAST, BITS, 31, 0, 0);
  }

  /** {@code d[i] = op(a[i], b[i])}. */
  static byte[] binary(VectorOp op) {
    return each(
        asm -> {},
        asm -> {
          asm.vector(VectorOp.LOAD, BITS, 0, 0, Mem.at(Arguments.A));
          asm.vector(op, BITS, 0, 0, Mem.at(Arguments.B));
          asm.vector(VectorOp.STORE, BITS, 0, 0, Mem.at(Arguments.D));
        });
  }

  /** {@code d[i] = a[i] * s}. */
  static byte[] scale() {
    return each(
        RowCode::broadcastFloat,
        asm -> {
          asm.vector(VectorOp.MULTIPLY, BITS, 0, 31, Mem.at(Arguments.A));
          asm.vector(VectorOp.STORE, BITS, 0, 0, Mem.at(Arguments.D));
        });
  }

  /** {@code d[i] = a[i] * s * b[i]}. */
  static byte[] scaledProduct() {
    return each(
        RowCode::broadcastFloat,
        asm -> {
          asm.vector(VectorOp.MULTIPLY, BITS, 0, 31, Mem.at(Arguments.A));
          asm.vector(VectorOp.MULTIPLY, BITS, 0, 0, Mem.at(Arguments.B));
          asm.vector(VectorOp.STORE, BITS, 0, 0, Mem.at(Arguments.D));
        });
  }

  /** The sum of {@code a[i] * a[i]}; even and odd vectors have sums of their own. */
  static byte[] sumOfSquares() {
    Assembler asm = new Assembler();
    asm.vector(VectorOp.XOR_INT, BITS, 0, 0, 0);
    asm.vector(VectorOp.XOR_INT, BITS, 1, 1, 1);
    Label rest = new Label();
    Label done = new Label();
    asm.move(RAX, Arguments.C);
    asm.shiftRight(RAX, 1);
    asm.jump(Assembler.ZERO, rest);
    Label pair = asm.here();
    for (int i = 0; i < 2; i++) {
      asm.vector(VectorOp.LOAD, BITS, 2 + i, 0, Mem.at(Arguments.A, i * BYTES));
      asm.vector(VectorOp.FMA_231, BITS, i, 2 + i, 2 + i);
    }
    asm.addImmediate(Arguments.A, 2 * BYTES);
    asm.decrement(RAX);
    asm.jump(Assembler.NOT_ZERO, pair);
    asm.bind(rest);
    asm.and(Arguments.C, 1);
    asm.jump(Assembler.ZERO, done);
    asm.vector(VectorOp.LOAD, BITS, 2, 0, Mem.at(Arguments.A));
    asm.vector(VectorOp.FMA_231, BITS, 0, 2, 2);
    asm.bind(done);
    asm.vector(VectorOp.ADD, BITS, 0, 0, 1);
    LaneCode.sum(asm, BITS, 0, 1);
    asm.leave();
    return asm.toBytes();
  }

  /**
   * Rotates pairs: a = x, b = cosines, d = result, e = sines, f = bytes from the first element of a
   * pair to the second.
   */
  static byte[] rotate() {
    return each(
        asm -> asm.load(RDI, Arguments.onStack('f', 0)),
        asm -> {
          asm.vector(VectorOp.LOAD, BITS, 0, 0, Mem.at(Arguments.A));
          asm.vector(VectorOp.LOAD, BITS, 1, 0, Mem.at(Arguments.A, RDI, 1, 0));
          asm.vector(VectorOp.LOAD, BITS, 2, 0, Mem.at(Arguments.B));
          asm.vector(VectorOp.LOAD, BITS, 3, 0, Mem.at(Arguments.E));
          asm.vector(VectorOp.MULTIPLY, BITS, 4, 0, 2);
          asm.vector(VectorOp.MULTIPLY, BITS, 5, 1, 3);
          asm.vector(VectorOp.SUBTRACT, BITS, 4, 4, 5);
          asm.vector(VectorOp.STORE, BITS, 4, 0, Mem.at(Arguments.D));
          asm.vector(VectorOp.MULTIPLY, BITS, 4, 1, 2);
          asm.vector(VectorOp.MULTIPLY, BITS, 5, 0, 3);
          asm.vector(VectorOp.ADD, BITS, 4, 4, 5);
          asm.vector(VectorOp.STORE, BITS, 4, 0, Mem.at(Arguments.D, RDI, 1, 0));
          asm.addImmediate(Arguments.E, BYTES);
        });
  }

  /** The largest {@code a[i]}, or NaN if there is one. */
  static byte[] max() {
    Assembler asm = new Assembler();
    asm.moveImmediate(RAX, Float.floatToRawIntBits(Float.NEGATIVE_INFINITY));
    asm.broadcastRegister(BITS, 0, RAX);
    asm.vector(VectorOp.XOR_INT, BITS, 1, 1, 1);
    Label loop = asm.here();
    asm.vector(VectorOp.LOAD, BITS, 2, 0, Mem.at(Arguments.A));
    larger(asm, 0, 1, 2);
    asm.addImmediate(Arguments.A, BYTES);
    asm.decrement(Arguments.C);
    asm.jump(Assembler.NOT_ZERO, loop);
    asm.compare(1, 1, 1, UNORDERED);
    asm.moveFromMask(RAX, 1);
    asm.test(RAX);
    Label numbers = new Label();
    asm.jump(Assembler.ZERO, numbers);
    asm.moveImmediate(RAX, Float.floatToRawIntBits(Float.NaN));
    asm.broadcastRegister(BITS, 0, RAX);
    asm.leave();
    asm.bind(numbers);
    largestLane(asm, 0, 1);
    asm.leave();
    return asm.toBytes();
  }

  /**
   * Keeps the larger one in each lane. The maximum of a NaN and a number is the number: lanes with
   * a NaN are remembered apart. Overwrites mask 1.
   */
  static void larger(Assembler asm, int largest, int nan, int v) {
    asm.vector(VectorOp.RANGE, BITS, largest, largest, v, LARGER);
    asm.compare(1, v, v, UNORDERED);
    asm.masked(VectorOp.ADD, BITS, nan, v, v, 1, false);
  }

  /** Brings the largest number of all lanes into all lanes. */
  static void largestLane(Assembler asm, int v, int spare) {
    for (int part : new int[] {0x4e, 0xb1}) {
      asm.vector(VectorOp.SHUFFLE_128, BITS, spare, v, v, part);
      asm.vector(VectorOp.RANGE, BITS, v, v, spare, LARGER);
    }
    for (int part : new int[] {0x4e, 0xb1}) {
      asm.vector(VectorOp.SHUFFLE_32, BITS, spare, v, v, part);
      asm.vector(VectorOp.RANGE, BITS, v, v, spare, LARGER);
    }
  }

  /**
   * The number of the first element that is not at most s, as the bits of the result; the number of
   * elements if there is none.
   */
  static byte[] nextAbove() {
    Assembler asm = new Assembler();
    broadcastFloat(asm);
    asm.move(RDI, Arguments.A);
    Label loop = asm.here();
    Label found = new Label();
    asm.vector(VectorOp.LOAD, BITS, 0, 0, Mem.at(Arguments.A));
    asm.compare(1, 0, 31, NOT_AT_MOST);
    asm.moveFromMask(RAX, 1);
    asm.test(RAX);
    asm.jump(Assembler.NOT_ZERO, found);
    asm.addImmediate(Arguments.A, BYTES);
    asm.decrement(Arguments.C);
    asm.jump(Assembler.NOT_ZERO, loop);
    asm.subtract(RAX, RAX);
    Label done = new Label();
    asm.jump(done);
    asm.bind(found);
    asm.trailingZeros(RAX, RAX);
    asm.bind(done);
    asm.subtract(Arguments.A, RDI);
    asm.shiftRight(Arguments.A, 2);
    asm.add(RAX, Arguments.A);
    asm.vector(VectorOp.MOVE_INT_TO_LANE, 128, 0, 0, RAX);
    asm.leave();
    return asm.toBytes();
  }

  /**
   * {@code e[i] = s * (a · d[i])}: a = query of 4 or 8 vectors, b = bytes between keys, c = keys, d
   * = keys, e = results.
   */
  static byte[] scores(int vectors) {
    Assembler asm = new Assembler();
    broadcastFloat(asm);
    int query = 8;
    for (int j = 0; j < vectors; j++) {
      asm.vector(VectorOp.LOAD, BITS, query + j, 0, Mem.at(Arguments.A, j * BYTES));
    }
    Label loop = asm.here();
    for (int j = 0; j < vectors; j++) {
      VectorOp op = j < 2 ? VectorOp.MULTIPLY : VectorOp.FMA_231;
      asm.vector(op, BITS, j % 2, query + j, Mem.at(Arguments.D, j * BYTES));
    }
    asm.vector(VectorOp.ADD, BITS, 0, 0, 1);
    LaneCode.sum(asm, BITS, 0, 1);
    asm.vector(VectorOp.MULTIPLY_ONE, 128, 0, 0, 31);
    asm.vector(VectorOp.STORE_ONE, 128, 0, 0, Mem.at(Arguments.E));
    asm.add(Arguments.D, Arguments.B);
    asm.addImmediate(Arguments.E, 4);
    asm.decrement(Arguments.C);
    asm.jump(Assembler.NOT_ZERO, loop);
    asm.leave();
    return asm.toBytes();
  }

  /**
   * {@code e += sum over i of a[i] * d[i]}: a = weights, b = bytes between values, c = values, d =
   * values, e = result of some vectors.
   */
  static byte[] accumulate(int vectors) {
    Assembler asm = new Assembler();
    for (int j = 0; j < vectors; j++) {
      asm.vector(VectorOp.LOAD, BITS, j, 0, Mem.at(Arguments.E, j * BYTES));
    }
    Label loop = asm.here();
    asm.vector(VectorOp.BROADCAST, BITS, 31, 0, Mem.at(Arguments.A));
    for (int j = 0; j < vectors; j++) {
      asm.vector(VectorOp.FMA_231, BITS, j, 31, Mem.at(Arguments.D, j * BYTES));
    }
    asm.addImmediate(Arguments.A, 4);
    asm.add(Arguments.D, Arguments.B);
    asm.decrement(Arguments.C);
    asm.jump(Assembler.NOT_ZERO, loop);
    for (int j = 0; j < vectors; j++) {
      asm.vector(VectorOp.STORE, BITS, j, 0, Mem.at(Arguments.E, j * BYTES));
    }
    asm.leave();
    return asm.toBytes();
  }

  /**
   * As {@link #accumulate} for f blocks of four vectors, which lie next to each other: reads values
   * ahead, because few rows that are long and far apart are not what the processor foresees.
   */
  static byte[] accumulateBlocks() {
    Assembler asm = new Assembler();
    asm.load(RDI, Arguments.onStack('f', 0));
    Label block = asm.here();
    for (int j = 0; j < 4; j++) {
      asm.vector(VectorOp.LOAD, BITS, j, 0, Mem.at(Arguments.E, j * BYTES));
    }
    asm.move(R10, Arguments.A);
    asm.move(R11, Arguments.D);
    asm.move(RAX, Arguments.C);
    Label loop = asm.here();
    asm.vector(VectorOp.BROADCAST, BITS, 31, 0, Mem.at(R10));
    for (int j = 0; j < 4; j++) {
      asm.prefetch(Mem.at(R11, AHEAD + j * BYTES));
      asm.vector(VectorOp.FMA_231, BITS, j, 31, Mem.at(R11, j * BYTES));
    }
    asm.addImmediate(R10, 4);
    asm.add(R11, Arguments.B);
    asm.decrement(RAX);
    asm.jump(Assembler.NOT_ZERO, loop);
    for (int j = 0; j < 4; j++) {
      asm.vector(VectorOp.STORE, BITS, j, 0, Mem.at(Arguments.E, j * BYTES));
    }
    asm.addImmediate(Arguments.D, 4 * BYTES);
    asm.addImmediate(Arguments.E, 4 * BYTES);
    asm.decrement(RDI);
    asm.jump(Assembler.NOT_ZERO, block);
    asm.leave();
    return asm.toBytes();
  }
}
