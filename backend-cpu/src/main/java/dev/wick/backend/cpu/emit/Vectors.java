package dev.wick.backend.cpu.emit;

import static dev.wick.backend.cpu.emit.Assembler.R10;
import static dev.wick.backend.cpu.emit.Assembler.R11;
import static dev.wick.backend.cpu.emit.Assembler.RBX;

/**
 * Emits where the vectors x of a product are: up to eight of them, in memory one distance apart.
 *
 * <p>Argument e points to the vectors 0 to 2, {@code r10} to 3 to 5, {@code rbx} to 6 and 7; {@code
 * r11} is the distance in bytes.
 */
final class Vectors {
  private static final int PER_POINTER = 3;

  private final Assembler asm;
  private final int count;

  /**
   * @param count of vectors, 1 to 8
   */
  Vectors(Assembler asm, int count) {
    this.asm = asm;
    this.count = count;
  }

  /** Derives the other pointers from argument e and the distance. */
  void point() {
    if (count > PER_POINTER) {
      asm.address(R10, Mem.at(Arguments.E, R11, 2, 0));
      asm.add(R10, R11);
    }
    if (count > 2 * PER_POINTER) {
      asm.address(RBX, Mem.at(R10, R11, 2, 0));
      asm.add(RBX, R11);
    }
  }

  /** Moves all pointers. */
  void advance(int bytes) {
    asm.addImmediate(Arguments.E, bytes);
    if (count > PER_POINTER) {
      asm.addImmediate(R10, bytes);
    }
    if (count > 2 * PER_POINTER) {
      asm.addImmediate(RBX, bytes);
    }
  }

  /** So many bytes from where the pointer of a vector is. */
  Mem at(int vector, int displacement) {
    int base =
        switch (vector / PER_POINTER) {
          case 0 -> Arguments.E;
          case 1 -> R10;
          default -> RBX;
        };
    int distances = vector % PER_POINTER;
    return distances == 0 ? Mem.at(base, displacement) : Mem.at(base, R11, distances, displacement);
  }
}
