package dev.wick.backend.cpu.emit;

/**
 * A vector instruction's place in the opcode map, the same for VEX and EVEX: Intel SDM volume 2,
 * sections 2.3 and 2.7.
 */
enum VectorOp {
  LOAD(0, 1, 0x10),
  STORE(0, 1, 0x11),
  MOVE_ALIGNED(0, 1, 0x28),
  UNPACK_LOW_32(0, 1, 0x14),
  UNPACK_HIGH_32(0, 1, 0x15),
  UNPACK_LOW_64(1, 1, 0x14),
  UNPACK_HIGH_64(1, 1, 0x15),
  ADD(0, 1, 0x58),
  MULTIPLY(0, 1, 0x59),
  SUBTRACT(0, 1, 0x5c),
  DIVIDE(0, 1, 0x5e),
  SHUFFLE_32(0, 1, 0xc6),
  MOVE_HIGH_TO_LOW(0, 1, 0x12),
  COMPARE(0, 1, 0xc2),
  /** Scalar forms: the lowest lane alone. */
  LOAD_ONE(2, 1, 0x10),
  STORE_ONE(2, 1, 0x11),
  ADD_ONE(2, 1, 0x58),
  MULTIPLY_ONE(2, 1, 0x59),
  AND_INT(1, 1, 0xdb),
  XOR_INT(1, 1, 0xef),
  ADD_INT(1, 1, 0xfe),
  SUBTRACT_INT(1, 1, 0xfa),
  OR_INT(1, 1, 0xeb),
  MAX_INT(1, 2, 0x3d),
  ROTATE_RIGHT_EACH(1, 2, 0x14),
  /** A mask of the lanes in which two sources have a common bit. */
  TEST_BITS(1, 2, 0x27),
  /** By an immediate; the register field selects which shift. */
  SHIFT_IMMEDIATE(1, 1, 0x72),
  SHIFT_BYTES(1, 1, 0x73),
  MOVE_INT_TO_LANE(1, 1, 0x6e),
  FMA_231(1, 2, 0xb8),
  FMA_213(1, 2, 0xa8),
  BROADCAST(1, 2, 0x18),
  BROADCAST_INT(1, 2, 0x58),
  BROADCAST_SHORT(1, 2, 0x79),
  BROADCAST_REGISTER(1, 2, 0x7c),
  BYTE_TO_INT(1, 2, 0x21),
  BYTE_TO_INT_UNSIGNED(1, 2, 0x31),
  INT_TO_FLOAT(0, 1, 0x5b),
  FLOAT_TO_INT(1, 1, 0x5b),
  HALF_TO_FLOAT(1, 2, 0x13),
  NARROW_INT_TO_SHORT(2, 2, 0x33),
  /** Values beyond the range of a byte become its ends. */
  NARROW_INT_TO_BYTE(2, 2, 0x21),
  TWO_FLOATS_TO_BF16(3, 2, 0x72),
  DOT_BF16(2, 2, 0x52),
  /** Unsigned bytes of the first source, signed ones of the second. */
  DOT_INT8(1, 2, 0x50),
  BLEND_MASK(1, 2, 0x65),
  PERMUTE(1, 2, 0x16),
  PERMUTE_SHORT(1, 2, 0x8d),
  PERMUTE_TWO(1, 2, 0x7f),
  /** Of two sources beside each other; the result takes the place of the lanes' numbers. */
  PERMUTE_TWO_BY_RESULT(1, 2, 0x77),
  ZERO_EXTEND(1, 2, 0x33),
  BLEND(1, 3, 0x0c),
  EXTRACT_128(1, 3, 0x19),
  EXTRACT_256(1, 3, 0x1b),
  SHUFFLE_128(1, 3, 0x23),
  RANGE(1, 3, 0x50),
  /** Any function of three bits each, by its truth table; the first source is the result. */
  TERNARY(1, 3, 0x25);

  private final int prefix;
  private final int map;
  private final int opcode;

  VectorOp(int prefix, int map, int opcode) {
    this.prefix = prefix;
    this.map = map;
    this.opcode = opcode;
  }

  /** Mandatory prefix: 0 none, 1 is 66, 2 is F3, 3 is F2. */
  int prefix() {
    return prefix;
  }

  /** Opcode map: 1 is 0F, 2 is 0F38, 3 is 0F3A. */
  int map() {
    return map;
  }

  int opcode() {
    return opcode;
  }

  /** The W bit under EVEX. */
  boolean isWide() {
    return switch (this) {
      case UNPACK_LOW_64, UNPACK_HIGH_64, EXTRACT_256, PERMUTE_SHORT -> true;
      default -> false;
    };
  }
}
