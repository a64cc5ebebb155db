package dev.wick.backend.cpu.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.wick.backend.cpu.loop.InnerLoops;
import dev.wick.backend.cpu.loop.Layouts;
import dev.wick.backend.cpu.loop.Loops;
import dev.wick.backend.cpu.team.Execution;
import dev.wick.backend.cpu.team.WorkerTeam;
import dev.wick.engine.op.AttentionGradient;
import dev.wick.engine.tensor.DType;
import dev.wick.engine.tensor.Layout;
import dev.wick.engine.tensor.Shape;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** The gradient of attention by panels beside that of plain Java, where scratch holds NaN. */
class AttentionGradientPanelsTest {
  private static final int HEADS = 6;
  private static final int KV_HEADS = 2;

  /**
   * Tokens of a batch.
   *
   * @param sequence tokens of each sequence but the last, which may be shorter
   */
  private record Batch(int headDim, int valueDim, int tokens, int sequence, int window) {}

  private static final List<Batch> BATCHES =
      List.of(
          new Batch(64, 64, 1, 1, 0),
          new Batch(64, 64, 128, 128, 0),
          new Batch(64, 64, 200, 200, 0),
          new Batch(64, 64, 200, 77, 0),
          new Batch(64, 128, 70, 64, 0),
          new Batch(128, 64, 130, 3, 0),
          new Batch(256, 64, 65, 65, 0),
          new Batch(64, 64, 200, 150, 70),
          new Batch(64, 64, 140, 140, 3));

  private final List<InnerLoops> forms = Loops.all().toList();

  @Test
  void run_batchesOfAllKinds_agreesWithPlainJavaWhateverTheThreads() {
    InnerLoops code = forms.getLast();
    assumeTrue(code.tile().panels() != null, "no machine code on vectors of 512 bits");
    long seed = System.nanoTime();
    for (Batch batch : BATCHES) {
      float[][] expected = gradients(forms.getFirst(), batch, seed, 2);
      float[][] actual = gradients(code, batch, seed, 2);

      for (int t = 0; t < expected.length; t++) {
        for (int i = 0; i < expected[t].length; i++) {
          assertThat(actual[t][i])
              .as("%s, seed %d, result %d, element %d", batch, seed, t, i)
              .isCloseTo(expected[t][i], within(2e-4f));
        }
      }
      assertThat(gradients(code, batch, seed, 1)).isDeepEqualTo(actual);
    }
  }

  private static float[][] gradients(InnerLoops loops, Batch b, long seed, int threads) {
    Random random = new Random(seed);
    try (Arena arena = Arena.ofShared();
        WorkerTeam team = new WorkerTeam(threads);
        Execution execution = new Execution(team)) {
      HostTensor first = tensor(arena, DType.I32, b.tokens());
      for (int i = 0; i < b.tokens(); i++) {
        first.segment().set(Layouts.INT, 4L * i, i / b.sequence() * b.sequence());
      }
      List<HostTensor> operands =
          List.of(
              floats(arena, random, b.tokens(), HEADS, b.headDim()),
              floats(arena, random, b.tokens(), KV_HEADS, b.headDim()),
              floats(arena, random, b.tokens(), KV_HEADS, b.valueDim()),
              first,
              floats(arena, random, b.tokens(), HEADS, b.valueDim()),
              floats(arena, random, b.tokens(), HEADS),
              floats(arena, random, b.tokens(), HEADS, b.valueDim()),
              floats(arena, random, b.tokens(), HEADS));
      List<HostTensor> results =
          List.of(
              tensor(arena, DType.F32, b.tokens(), HEADS, b.headDim()),
              tensor(arena, DType.F32, b.tokens(), KV_HEADS, b.headDim()),
              tensor(arena, DType.F32, b.tokens(), KV_HEADS, b.valueDim()));
      AttentionGradientKernel kernel =
          new AttentionGradientKernel(
              new AttentionGradient(0.1f, b.window()), loops, execution, operands, results);
      fill(execution.caller().scratch());
      fill(execution.shared());
      kernel.run(execution);
      return results.stream().map(AttentionGradientPanelsTest::numbers).toArray(float[][]::new);
    }
  }

  private static void fill(MemorySegment memory) {
    for (long at = 0; at + 4 <= memory.byteSize(); at += 4) {
      memory.set(Layouts.FLOAT, at, Float.NaN);
    }
  }

  private static float[] numbers(HostTensor tensor) {
    float[] numbers = new float[(int) tensor.size()];
    for (int i = 0; i < numbers.length; i++) {
      numbers[i] = tensor.segment().get(Layouts.FLOAT, 4L * i);
    }
    return numbers;
  }

  private static HostTensor floats(Arena arena, Random random, long... extents) {
    HostTensor tensor = tensor(arena, DType.F32, extents);
    for (long i = 0; i < tensor.size(); i++) {
      tensor.segment().set(Layouts.FLOAT, 4 * i, random.nextFloat() * 2 - 1);
    }
    return tensor;
  }

  private static HostTensor tensor(Arena arena, DType dtype, long... extents) {
    Shape shape = Shape.of(extents);
    MemorySegment memory = arena.allocate(4 * shape.size(), 64);
    return new HostTensor(memory, 0, dtype, Layout.contiguous(shape));
  }
}
