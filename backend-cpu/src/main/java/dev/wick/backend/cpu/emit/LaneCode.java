package dev.wick.backend.cpu.emit;

/** Emits what happens between the lanes of a vector. */
final class LaneCode {
  private LaneCode() {}

  /**
   * Leaves the sum of all lanes in lane 0, added by halves: lane i and lane i + half of them, and
   * so on.
   *
   * @param from a register below 16
   * @param spare another
   */
  static void sum(Assembler asm, int bits, int from, int spare) {
    if (bits == 512) {
      // The upper half of the first operand is the one to be added to the lower one.
      asm.vector(VectorOp.EXTRACT_256, 512, from, 0, spare, 1);
      asm.vector(VectorOp.ADD, 256, from, from, spare);
    }
    asm.vector(VectorOp.EXTRACT_128, 256, from, 0, spare, 1);
    asm.vector(VectorOp.ADD, 128, from, from, spare);
    asm.vector(VectorOp.MOVE_HIGH_TO_LOW, 128, spare, from, from);
    asm.vector(VectorOp.ADD, 128, from, from, spare);
    asm.vector(VectorOp.SHUFFLE_32, 128, spare, from, from, 1);
    asm.vector(VectorOp.ADD_ONE, 128, from, from, spare);
  }
}
