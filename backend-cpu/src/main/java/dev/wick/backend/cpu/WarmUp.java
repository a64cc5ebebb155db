package dev.wick.backend.cpu;

import dev.wick.backend.cpu.gemm.Panels;
import dev.wick.backend.cpu.loop.GemmTile;
import dev.wick.backend.cpu.loop.InnerLoops;
import dev.wick.backend.cpu.loop.RowDot;
import dev.wick.backend.cpu.loop.RowMath;
import dev.wick.engine.op.Binary;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.LockSupport;

/**
 * Calls the inner loops of a forward pass on a few elements, often enough for the JIT compiler to
 * take notice. Interpreted vector code is some thousand times slower than compiled code, so the
 * first token would pay for it otherwise.
 *
 * <p>Compilation itself goes on in the background. The loops are called in the order in which they
 * matter: BF16 before other types, products before what is cheap.
 */
final class WarmUp {
  /*
   * How many calls it takes is not a fixed number: the JVM raises its thresholds while its compilers
   * are busy. So every loop is called in short batches until it is fast, with pauses in which the
   * compilers and the thread that loads the model have the processor.
   */
  private static final int BATCH = 40;
  private static final int TURNS = 24;
  private static final long FAST_NANOS = 3_000;
  private static final long PAUSE_NANOS = 1_000_000;
  private static final long BUDGET_NANOS = 5_000_000_000L;

  private final MemorySegment a;
  private final MemorySegment b;
  private final MemorySegment c;
  private final Arena arena = Arena.ofShared();
  private final List<Runnable> steps = new ArrayList<>();
  private float sink;

  private WarmUp(InnerLoops loops) {
    a = arena.allocate(1 << 17, 64);
    b = arena.allocate(1 << 17, 64);
    c = arena.allocate(1 << 17, 64);
    // A real vector count of turns per call, whatever the width.
    int n = TURNS * loops.vectorBits() / 32;
    addDot(loops.bf16(), 2, n);
    addRows(loops.rows(), n);
    addAttention(loops.rows(), loops.vectorBits() / 32);
    addTile(loops.tile(), false);
    addDot(loops.f16(), 2, n);
    addDot(loops.f32(), 4, n);
    addTile(loops.tile(), true);
  }

  /** Calls everything until it is fast; returns early if the thread is interrupted. */
  static void run(InnerLoops loops) {
    WarmUp warmUp = new WarmUp(loops);
    try (warmUp.arena) {
      long end = System.nanoTime() + BUDGET_NANOS;
      while (!warmUp.steps.isEmpty() && System.nanoTime() - end < 0) {
        warmUp.steps.removeIf(WarmUp::isFast);
        if (Thread.currentThread().isInterrupted()) {
          return;
        }
        LockSupport.parkNanos(PAUSE_NANOS);
      }
    }
  }

  private static boolean isFast(Runnable step) {
    long start = System.nanoTime();
    for (int i = 0; i < BATCH; i++) {
      step.run();
    }
    return System.nanoTime() - start < BATCH * FAST_NANOS;
  }

  private void addDot(RowDot dot, int elementBytes, int n) {
    long rowBytes = (long) elementBytes * n;
    steps.add(() -> dot.one(a, 0, rowBytes, 2, n, b, 0, c, 0, c, 1 << 12));
    steps.add(() -> dot.few(a, 0, rowBytes, 1, n, 4, b, 0, 4L * n, c, 0, 64, c, 1 << 12));
    steps.add(() -> dot.prepare(a, 0, n, b, 0));
  }

  private void addRows(RowMath rows, int n) {
    steps.add(() -> rows.rmsNorm(a, 0, b, 0, c, 0, n, 1e-6f));
    steps.add(() -> rows.swiGlu(a, 0, b, 0, c, 0, n));
    steps.add(() -> rows.rotate(a, 0, b, 0, b, 0, c, 0, n / 2));
    steps.add(() -> rows.binary(Binary.Kind.ADD, a, 0, false, b, 0, false, c, 0, n));
    steps.add(() -> sink += rows.sumExp(a, 0, 0, n));
    steps.add(() -> sink += rows.nextAbove(a, 0, 0, n, 1));
  }

  private void addAttention(RowMath rows, int lanes) {
    for (int headDim : new int[] {4 * lanes, 8 * lanes}) {
      long rowBytes = 4L * headDim;
      steps.add(() -> rows.scores(a, 0, b, 0, rowBytes, TURNS, headDim, 1, c, 0));
      steps.add(() -> rows.accumulate(a, 0, b, 0, rowBytes, TURNS, headDim, c, 0));
    }
    int n = TURNS * lanes;
    steps.add(() -> sink += rows.max(a, 0, n));
    steps.add(() -> sink += rows.exp(a, 0, 0, c, 0, n));
    steps.add(() -> rows.scale(a, 0, 1, c, 0, n));
  }

  private void addTile(GemmTile tile, boolean half) {
    long rowBytes = 4L * tile.columns();
    steps.add(() -> tile.multiply(a, 0, b, 0, TURNS, c, 0, rowBytes, c, 0, rowBytes));
    steps.add(() -> tile.widenPairs(a, 0, b, 0, TURNS / 2, half));
    steps.add(() -> Panels.transposeTwo(a, 0, rowBytes, TURNS, b, 0, rowBytes));
    steps.add(() -> Panels.interleaveFour(a, 0, rowBytes, TURNS, b, 0));
  }
}
