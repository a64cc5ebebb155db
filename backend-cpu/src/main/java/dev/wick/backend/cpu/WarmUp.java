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
import java.util.function.IntConsumer;

/**
 * Calls the inner loops of a forward pass on a few elements until the JIT compiler has compiled
 * them. Interpreted vector code is some thousand times slower than compiled code, so the first
 * token would pay for it otherwise.
 */
final class WarmUp {
  /*
   * The JVM compiles a method first with profiling, after 200 calls, and then in full, after 600
   * more with 15,000 turns of its loops. Before that, each vector operation is a loop over lanes in
   * Java: one turn is enough for the first calls, and once the calls have been made the processor is
   * left to the compiler. How many calls it takes is not quite a fixed number, since the JVM raises
   * its thresholds while its compilers are busy.
   */
  private static final int LOADING_CALLS = 3;
  private static final int FIRST_CALLS = 220;
  private static final int CALLS = 500;
  private static final int TURNS = 24;
  private static final int MORE_CALLS = 10;
  private static final long FAST_NANOS = 3_000;
  private static final long PAUSE_NANOS = 5_000_000;
  private static final long BUDGET_NANOS = 4_000_000_000L;

  private final InnerLoops loops;

  WarmUp(InnerLoops loops) {
    this.loops = loops;
  }

  /** Calls the loops until they are fast; returns early if the thread is interrupted. */
  void run() {
    List<RowDot> dots = List.of(loops.bf16(), loops.f16(), loops.f32());
    dots.forEach(dot -> dot.fewReady(false));
    try (Arena arena = Arena.ofShared()) {
      Calls calls = new Calls(loops, arena);
      long end = System.nanoTime() + BUDGET_NANOS;
      List<List<Step>> groups =
          List.of(
              calls.ofOne(loops.bf16(), 2),
              calls.ofRows(loops.rows()),
              calls.ofAttention(loops.rows()),
              calls.ofFew(loops.bf16()),
              calls.ofTile(loops.tile()),
              calls.ofOne(loops.f16(), 2),
              calls.ofFew(loops.f16()),
              calls.ofOne(loops.f32(), 4),
              calls.ofFew(loops.f32()));
      if (loops.rows().needsWarmUp()) {
        warm(groups, end);
      } else {
        // Machine code is fast at once; what calls it still wants its classes.
        groups.forEach(group -> group.forEach(step -> step.call(LOADING_CALLS, TURNS)));
      }
    } finally {
      dots.forEach(dot -> dot.fewReady(true));
    }
  }

  // Each group is called while the compiler is busy with the one before. More at a time would make
  // the JVM compile without profiles, and again later.
  private static void warm(List<List<Step>> groups, long end) {
    List<Step> before = new ArrayList<>();
    for (List<Step> group : groups) {
      group.forEach(step -> step.call(FIRST_CALLS, 1));
      group.forEach(step -> step.call(CALLS, TURNS));
      finish(before, end);
      before = new ArrayList<>(group);
    }
    finish(before, end);
  }

  private static void finish(List<Step> steps, long end) {
    while (!steps.isEmpty()
        && System.nanoTime() - end < 0
        && !Thread.currentThread().isInterrupted()) {
      LockSupport.parkNanos(PAUSE_NANOS);
      steps.removeIf(Step::isFast);
    }
  }

  /** The loops of this module with operands. */
  private static final class Calls {
    private final MemorySegment a;
    private final MemorySegment b;
    private final MemorySegment c;
    private final int lanes;
    private float sink;

    Calls(InnerLoops loops, Arena arena) {
      a = arena.allocate(1 << 17, 64);
      b = arena.allocate(1 << 17, 64);
      c = arena.allocate(1 << 17, 64);
      lanes = loops.vectorBits() / 32;
    }

    List<Step> ofOne(RowDot dot, int elementBytes) {
      int block = 2 * lanes;
      long rowBytes = (long) elementBytes * block;
      return List.of(
          new Step(t -> dot.one(a, 0, 0, 1, t * block, b, 0, c, 0, c, 1 << 12)),
          new Step(t -> dot.prepare(a, 0, t * block, b, 0)),
          new Step(t -> dot.one(a, 0, rowBytes, t, block, b, 0, c, 0, c, 1 << 12)));
    }

    List<Step> ofFew(RowDot dot) {
      int block = 2 * lanes;
      return List.of(
          new Step(
              t -> dot.few(a, 0, 0, 1, t * block, 4, b, 0, 4, c, 0, 64, c, 1 << 12),
              () -> dot.fewReady(true)));
    }

    List<Step> ofRows(RowMath rows) {
      return List.of(
          new Step(t -> rows.rmsNorm(a, 0, b, 0, c, 0, t * lanes, 1e-6f)),
          new Step(t -> rows.swiGlu(a, 0, b, 0, c, 0, t * lanes)),
          new Step(t -> rows.rotate(a, 0, b, 0, b, 0, c, 0, t * lanes)),
          new Step(t -> rows.binary(Binary.Kind.ADD, a, 0, false, b, 0, false, c, 0, t * lanes)),
          new Step(t -> sink += rows.nextAbove(a, 0, 0, t * lanes, 1)));
    }

    List<Step> ofAttention(RowMath rows) {
      List<Step> steps = new ArrayList<>();
      for (int headDim : new int[] {64, 128}) {
        long rowBytes = 4L * headDim;
        steps.add(new Step(t -> rows.scores(a, 0, b, 0, rowBytes, t, headDim, 1, c, 0)));
        steps.add(new Step(t -> rows.accumulate(a, 0, b, 0, rowBytes, t, headDim, c, 0)));
      }
      steps.add(new Step(t -> sink += rows.max(a, 0, t * lanes)));
      steps.add(new Step(t -> sink += rows.exp(a, 0, 0, c, 0, t * lanes)));
      steps.add(new Step(t -> sink += rows.sumExp(a, 0, 0, t * lanes)));
      steps.add(new Step(t -> rows.scale(a, 0, 1, c, 0, t * lanes)));
      return steps;
    }

    List<Step> ofTile(GemmTile tile) {
      long rowBytes = 4L * tile.columns();
      return List.of(
          new Step(t -> tile.multiply(a, 0, b, 0, t, c, 0, rowBytes, c, 0, rowBytes)),
          new Step(t -> tile.widenPairs(a, 0, b, 0, t, false)),
          new Step(t -> Panels.transposeTwo(a, 0, rowBytes, t, b, 0, rowBytes)),
          new Step(t -> Panels.interleaveFour(a, 0, rowBytes, t, b, 0)));
    }
  }

  /** One loop, called with a number of turns. */
  private record Step(IntConsumer body, Runnable whenFast) {
    Step(IntConsumer body) {
      this(body, () -> {});
    }

    void call(int calls, int turns) {
      for (int i = 0; i < calls && !Thread.currentThread().isInterrupted(); i++) {
        body.accept(turns);
      }
    }

    /** Whether a few more calls are as fast as compiled code is. */
    boolean isFast() {
      long start = System.nanoTime();
      body.accept(TURNS);
      if (System.nanoTime() - start < FAST_NANOS) {
        whenFast.run();
        return true;
      }
      call(MORE_CALLS, TURNS);
      return false;
    }
  }
}
