package dev.wick.backend.cpu.emit;

import dev.wick.backend.cpu.loop.GemmTile;
import dev.wick.backend.cpu.loop.InnerLoops;
import dev.wick.backend.cpu.loop.TileDot;
import dev.wick.backend.cpu.loop.TileLayout;
import dev.wick.engine.tensor.DType;
import java.lang.foreign.Arena;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;

/**
 * The inner loops in machine code, which runs at full speed from its first call on. It replaces the
 * loops of another form where the processor and the system allow it.
 */
public final class EmittedLoops {
  /**
   * System property that keeps machine code from being used when {@code false}; {@code denied} is
   * for tests: as if the system refused executable memory.
   */
  static final String PROPERTY = "wick.cpu.emit";

  private static final int AHEAD = 8192;

  /** Vectors from which on loading them once for several rows pays. */
  private static final int MIN_TILED = 3;

  private EmittedLoops() {}

  /**
   * What became of an attempt.
   *
   * @param loops the loops to use
   * @param reason why there is no machine code in them, or empty
   */
  public record Outcome(InnerLoops loops, String reason) {
    /** What the loops run on, and why not on machine code. */
    public String description() {
      return reason.isEmpty()
          ? loops.description()
          : "%s (no machine code: %s)".formatted(loops.description(), reason);
    }
  }

  /**
   * Loops in machine code where it can be used, else the given ones with the reason.
   *
   * @param base the loops that are replaced, and the width of their vectors
   * @param int8 whether products with activations in eight bits are wanted, too
   * @param arena what the code lives in
   */
  public static Outcome over(InnerLoops base, boolean int8, Arena arena) {
    try {
      return new Outcome(emit(base, int8, arena), "");
    } catch (EmissionException refused) {
      return new Outcome(base, refused.reason());
    }
  }

  private static InnerLoops emit(InnerLoops base, boolean int8, Arena arena)
      throws EmissionException {
    String wanted = System.getProperty(PROPERTY, "true");
    if (wanted.equals("false")) {
      throw new EmissionException(PROPERTY + " is false");
    }
    if (!EmittedLoops.class.getModule().isNativeAccessEnabled()) {
      throw new EmissionException("it wants --enable-native-access=dev.wick.backend.cpu");
    }
    if (wanted.equals("denied")) {
      throw new EmissionException("the system refuses executable memory (%s)".formatted(PROPERTY));
    }
    InnerLoops loops = emit(base, Machine.current(), int8, arena);
    SelfTest.run(loops);
    return loops;
  }

  /** Loops for a machine, not yet tried. */
  static InnerLoops emit(InnerLoops base, Machine machine, boolean int8, Arena arena)
      throws EmissionException {
    boolean wide = machine.hasWide() && (base.vectorBits() == 512 || base.vectorBits() == 32);
    if (!wide && !(machine.hasNarrow() && base.vectorBits() == 256)) {
      throw new EmissionException(
          "it wants Linux on x86-64 with AVX-512, or AVX2 and vectors of 256 bits");
    }
    Emission code = new Emission();
    int bits = wide ? 512 : 256;
    EmittedDot.RowSplit split =
        wide ? new EmittedSplit(code, arena) : EmittedDot.RowSplit.plain(bits / 32);
    InnerLoops loops =
        new InnerLoops(
            bits + "-bit machine code",
            bits,
            dot(code, DType.F32, bits, split),
            dot(code, DType.BF16, bits, split),
            dot(code, DType.F16, bits, split),
            wide && machine.hasBf16()
                ? Optional.of(new EmittedPairDot(code, MIN_TILED))
                : Optional.empty(),
            wide ? new EmittedBlockRows(code, dotOfBlocks(code, split), arena) : base.blocks(),
            wide ? Optional.of(new EmittedTileDot(code, machine, arena)) : base.tiles(),
            wide && int8 && machine.hasInt8() ? int8Tiles(code, arena) : Map.of(),
            tile(code, base.tile(), bits, machine),
            wide ? new EmittedRowMath(code, base.rows()) : base.rows());
    code.finish(arena);
    return loops;
  }

  private static Map<DType, TileDot> int8Tiles(Emission code, Arena arena) {
    Map<TileLayout, TileDot> dots = new HashMap<>();
    Map<DType, TileDot> tiles = new EnumMap<>(DType.class);
    for (DType dtype : DType.values()) {
      TileLayout.of(dtype)
          .map(layout -> dots.computeIfAbsent(layout, _ -> new EmittedInt8Dot(code, layout, arena)))
          .ifPresent(dot -> tiles.put(dtype, dot));
    }
    return tiles;
  }

  private static EmittedDot dot(Emission code, DType dtype, int bits, EmittedDot.RowSplit split) {
    NativeKernel[] kernels = new NativeKernel[DotCode.maxVectors(bits)];
    for (int i = 0; i < kernels.length; i++) {
      kernels[i] = code.add(DotCode.emit(dtype, bits, i + 1, AHEAD));
    }
    NativeKernel[] tiles =
        bits == 512 ? tiles(code, dtype, DotTileCode.ROWS, MIN_TILED) : new NativeKernel[0];
    return new EmittedDot(dtype, bits / 32, kernels, tiles, split);
  }

  private static EmittedDot dotOfBlocks(Emission code, EmittedDot.RowSplit split) {
    NativeKernel[] kernels = tiles(code, DType.Q8_0, 1, 1);
    NativeKernel[] tiles = tiles(code, DType.Q8_0, DotTileCode.ROWS, 1);
    return new EmittedDot(DType.Q8_0, 16, kernels, tiles, split);
  }

  private static NativeKernel[] tiles(Emission code, DType dtype, int rows, int minVectors) {
    return IntStream.rangeClosed(minVectors, DotTileCode.MAX_VECTORS)
        .mapToObj(vectors -> code.add(DotTileCode.emit(dtype, rows, vectors)))
        .toArray(NativeKernel[]::new);
  }

  private static GemmTile tile(Emission code, GemmTile base, int bits, Machine machine) {
    boolean wide = bits == 512;
    int vectors = wide ? 4 : 2;
    NativeKernel multiply =
        code.add(new TileCode(bits, GemmTile.ROWS, vectors, false, true).emit());
    return new EmittedTile(
        vectors * bits / 32,
        multiply,
        wide ? new EmittedWidening(code) : EmittedTile.Widening.of(base),
        wide ? new EmittedPanels(code, machine) : null);
  }
}
