package dev.wick.backend.cpu.emit;

/**
 * A place in memory: {@code base + index * scale + displacement}.
 *
 * @param index a general register other than the stack pointer, or -1 for none
 * @param scale 1, 2, 4 or 8
 */
record Mem(int base, int index, int scale, int displacement) {
  static Mem at(int base) {
    return new Mem(base, -1, 1, 0);
  }

  static Mem at(int base, int displacement) {
    return new Mem(base, -1, 1, displacement);
  }

  static Mem at(int base, int index, int scale, int displacement) {
    return new Mem(base, index, scale, displacement);
  }
}
