package dev.wick.backend.cpu.vector;

import dev.wick.backend.cpu.loop.GemmTile;
import dev.wick.backend.cpu.loop.InnerLoops;
import dev.wick.backend.cpu.scalar.ScalarBlockRows;
import dev.wick.backend.cpu.scalar.ScalarLoops;
import java.util.Map;
import java.util.Optional;

/** The inner loops on the JDK Vector API, for whatever width the machine prefers. */
public final class VectorLoops {
  private VectorLoops() {}

  /**
   * The loops; the scalar ones on a machine without vectors of four floats, or without an
   * instruction that multiplies and adds.
   */
  public static InnerLoops create() {
    int bits = 32 * Lanes.COUNT;
    boolean x86 = System.getProperty("os.arch", "").matches("amd64|x86_64|i386|x86");
    if (bits < 128) {
      return ScalarLoops.create("scalar; the vectors of this machine are too short", bits);
    }
    if (bits == 128 && x86 && !FusedMultiplyAdd.isFast()) {
      return ScalarLoops.create("scalar; there is no fused multiply-add", bits);
    }
    // Without a flag that says how many registers there are: x86 has 32 with 512 bits and 16 below,
    // every other architecture that the Vector API knows has 32.
    boolean narrow = bits < 512 && x86;
    GemmTile tile = narrow ? new NarrowGemmTile() : new WideGemmTile();
    return new InnerLoops(
        bits + "-bit vectors",
        bits,
        new VectorF32Dot(),
        new VectorBf16Dot(),
        new VectorF16Dot(),
        Optional.empty(),
        VectorBlockRows.fits() ? new VectorBlockRows() : new ScalarBlockRows(),
        VectorTileDot.fits() ? Optional.of(new VectorTileDot()) : Optional.empty(),
        Map.of(),
        tile,
        new VectorRowMath());
  }
}
