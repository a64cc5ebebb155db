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
 * <p>Arguments: a = blocks, b = bytes between rows, c = blocks of a row (at least 1), d = x, e =
 * {@link BlockTables}, f = number of rows (at least 1), g = y.
 */
final class BlockDotCode {
  private static final int BITS = 512;
  private static final int LANES = 16;
  private static final int SUM = BlockValues.FIRST_FREE;

  private BlockDotCode() {}

  /** The code for a quantised type. */
  static byte[] emit(DType dtype) {
    Assembler asm = new Assembler();
    Frame frame = new Frame(asm, RBX, RBP);
    BlockValues values =
        new BlockValues(
            asm,
            dtype,
            (register, element) ->
                asm.vector(
                    VectorOp.FMA_231,
                    BITS,
                    SUM + element / LANES % 2,
                    register,
                    Mem.at(Arguments.D, 4 * element)));
    frame.enter();
    frame.load(R11, 'f');
    frame.load(RBX, 'g');
    values.emitConstants();
    asm.move(R10, Arguments.A);
    asm.move(RBP, Arguments.D);
    Label row = asm.here();
    asm.move(Arguments.A, R10);
    asm.move(Arguments.D, RBP);
    asm.move(RDI, Arguments.C);
    for (int i = 0; i < 2; i++) {
      asm.vector(VectorOp.XOR_INT, BITS, SUM + i, SUM + i, SUM + i);
    }
    Label block = asm.here();
    values.emitBlock();
    asm.addImmediate(Arguments.A, dtype.blockBytes());
    asm.addImmediate(Arguments.D, 4 * dtype.blockElements());
    asm.decrement(RDI);
    asm.jump(Assembler.NOT_ZERO, block);
    asm.vector(VectorOp.ADD, BITS, SUM, SUM, SUM + 1);
    LaneCode.sum(asm, BITS, SUM, SUM + 1);
    asm.vector(VectorOp.STORE_ONE, 128, SUM, 0, Mem.at(RBX));
    asm.addImmediate(RBX, 4);
    asm.add(R10, Arguments.B);
    asm.decrement(R11);
    asm.jump(Assembler.NOT_ZERO, row);
    frame.leave();
    return asm.toBytes();
  }
}
