package dev.wick.backend.cpu.emit;

import static dev.wick.backend.cpu.emit.Assembler.R10;
import static dev.wick.backend.cpu.emit.Assembler.R11;
import static dev.wick.backend.cpu.emit.Assembler.RBP;
import static dev.wick.backend.cpu.emit.Assembler.RBX;
import static dev.wick.backend.cpu.emit.Assembler.RDI;

import dev.wick.backend.cpu.emit.Assembler.Label;
import dev.wick.engine.tensor.DType;

/**
 * Emits {@code y[r] = w[r] · x} for rows of blocks, whose {@link BlockValues} are multiplied where
 * they are made: the bits are those of {@link BlockWideningCode} and then {@link DotCode}.
 *
 * <p>A row has two sums, of even and odd vectors, each waiting for its last addition. So two rows
 * are gone through at a time.
 *
 * <p>Arguments: a = blocks, b = bytes between rows, c = blocks of a row (at least 1), d = x, e =
 * {@link BlockTables}, f = number of rows (at least 1), g = y.
 */
final class BlockDotCode {
  private static final int BITS = 512;
  private static final int LANES = 16;

  private final Assembler asm = new Assembler();
  private final DType dtype;
  private final BlockValues values;

  /** The one of the rows that is emitted. */
  private int current;

  private BlockDotCode(DType dtype) {
    this.dtype = dtype;
    this.values =
        new BlockValues(
            asm,
            dtype,
            (register, element) ->
                asm.vector(
                    VectorOp.FMA_231,
                    BITS,
                    sum(current, element / LANES % 2),
                    register,
                    Mem.at(Arguments.D, 4 * element)));
  }

  /** The code for a quantised type. */
  static byte[] emit(DType dtype) {
    return new BlockDotCode(dtype).build();
  }

  private static int sum(int row, int parity) {
    return BlockValues.free(2 * row + parity);
  }

  private byte[] build() {
    Frame frame = new Frame(asm, RBX, RBP);
    frame.enter();
    frame.load(R11, 'f');
    frame.load(RBX, 'g');
    values.emitConstants();
    asm.move(R10, Arguments.A);
    asm.move(RBP, Arguments.D);
    Label last = new Label();
    Label end = new Label();
    Label pair = asm.here();
    asm.compareImmediate(R11, 2);
    asm.jump(Assembler.BELOW, last);
    emitRows(2);
    asm.addImmediate(R11, -2);
    asm.jump(pair);
    asm.bind(last);
    asm.test(R11);
    asm.jump(Assembler.ZERO, end);
    emitRows(1);
    asm.bind(end);
    frame.leave();
    return asm.toBytes();
  }

  // r10 the first row, r11 rows left, rbp x, rbx y, rdi blocks left.
  private void emitRows(int rows) {
    asm.move(Arguments.A, R10);
    asm.move(Arguments.D, RBP);
    asm.move(RDI, Arguments.C);
    for (int i = 0; i < 2 * rows; i++) {
      asm.vector(
          VectorOp.XOR_INT, BITS, BlockValues.free(i), BlockValues.free(i), BlockValues.free(i));
    }
    Label block = asm.here();
    for (current = 0; current < rows; current++) {
      values.emitBlock(current == 0 ? -1 : Arguments.B);
    }
    asm.addImmediate(Arguments.A, dtype.blockBytes());
    asm.addImmediate(Arguments.D, 4 * dtype.blockElements());
    asm.decrement(RDI);
    asm.jump(Assembler.NOT_ZERO, block);
    for (int row = 0; row < rows; row++) {
      asm.vector(VectorOp.ADD, BITS, sum(row, 0), sum(row, 0), sum(row, 1));
      LaneCode.sum(asm, BITS, sum(row, 0), 0);
      asm.vector(VectorOp.STORE_ONE, 128, sum(row, 0), 0, Mem.at(RBX));
      asm.addImmediate(RBX, 4);
      asm.add(R10, Arguments.B);
    }
  }
}
