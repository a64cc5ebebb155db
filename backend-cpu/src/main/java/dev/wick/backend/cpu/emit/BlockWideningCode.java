package dev.wick.backend.cpu.emit;

import static dev.wick.backend.cpu.emit.Assembler.R10;
import static dev.wick.backend.cpu.emit.Assembler.R11;
import static dev.wick.backend.cpu.emit.Assembler.RDI;

import dev.wick.backend.cpu.emit.Assembler.Label;
import dev.wick.engine.tensor.DType;

/**
 * Emits the expansion of rows of blocks to neighbouring rows of {@link BlockValues} in F32.
 *
 * <p>Arguments: a = blocks, b = bytes between rows, c = blocks of a row (at least 1), d = target, e
 * = {@link BlockTables}, f = number of rows (at least 1).
 */
final class BlockWideningCode {
  private static final int BITS = 512;

  private BlockWideningCode() {}

  /** The code for a quantised type. */
  static byte[] emit(DType dtype) {
    Assembler asm = new Assembler();
    BlockValues values =
        new BlockValues(
            asm,
            dtype,
            (register, element) ->
                asm.vector(VectorOp.STORE, BITS, register, 0, Mem.at(Arguments.D, 4 * element)));
    values.emitConstants();
    asm.load(R11, Arguments.onStack('f', 0));
    asm.move(R10, Arguments.A);
    Label row = asm.here();
    asm.move(Arguments.A, R10);
    asm.move(RDI, Arguments.C);
    Label block = asm.here();
    values.emitBlock();
    asm.addImmediate(Arguments.A, dtype.blockBytes());
    asm.addImmediate(Arguments.D, 4 * dtype.blockElements());
    asm.decrement(RDI);
    asm.jump(Assembler.NOT_ZERO, block);
    asm.add(R10, Arguments.B);
    asm.decrement(R11);
    asm.jump(Assembler.NOT_ZERO, row);
    asm.leave();
    return asm.toBytes();
  }
}
