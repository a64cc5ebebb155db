package dev.wick.backend.cpu.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.wick.backend.cpu.loop.InnerLoops;
import dev.wick.backend.cpu.loop.Layouts;
import dev.wick.backend.cpu.loop.Loops;
import dev.wick.backend.cpu.team.Execution;
import dev.wick.backend.cpu.team.WorkerTeam;
import dev.wick.engine.tensor.DType;
import dev.wick.engine.tensor.Layout;
import dev.wick.engine.tensor.Shape;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Prefill attention by panels beside that of plain Java, where the cache holds NaN elsewhere. */
class AttentionPanelsTest {
  private static final int HEADS = 6;
  private static final int KV_HEADS = 2;

  /**
   * A prompt over a cache.
   *
   * @param past tokens before it
   * @param shuffled whether neighbouring blocks of the sequence lie apart
   */
  private record Prompt(
      int headDim,
      int valueDim,
      int past,
      int tokens,
      int blockSize,
      boolean shuffled,
      int window) {}

  private static final List<Prompt> PROMPTS =
      List.of(
          new Prompt(64, 64, 0, 200, 32, false, 0),
          new Prompt(64, 64, 0, 200, 32, true, 0),
          new Prompt(64, 64, 63, 65, 64, true, 0),
          new Prompt(64, 64, 64, 129, 16, false, 0),
          new Prompt(32, 64, 100, 300, 32, false, 0),
          new Prompt(32, 96, 0, 130, 32, true, 0),
          new Prompt(128, 128, 5, 77, 32, false, 0),
          new Prompt(96, 40, 31, 140, 1, false, 0),
          new Prompt(64, 64, 300, 70, 32, false, 90),
          new Prompt(64, 64, 10, 33, 1, true, 3),
          new Prompt(33, 64, 10, 90, 32, false, 0));

  private final List<InnerLoops> forms = Loops.all().toList();

  @Test
  void run_promptsAndBlocksOfAllKinds_agreesWithPlainJava() {
    assumeTrue(forms.getLast().tile().panels() != null, "no machine code on vectors of 512 bits");
    long seed = System.nanoTime();
    for (Prompt prompt : PROMPTS) {
      float[] expected = attend(forms.getFirst(), prompt, seed);
      float[] actual = attend(forms.getLast(), prompt, seed);

      for (int i = 0; i < expected.length; i++) {
        assertThat(actual[i])
            .as("%s, seed %d, element %d", prompt, seed, i)
            .isCloseTo(expected[i], within(2e-5f));
      }
    }
  }

  @Test
  void run_scoresThatAreNotFinite_giveWhatPlainJavaGives() {
    assumeTrue(forms.getLast().tile().panels() != null, "no machine code on vectors of 512 bits");
    long seed = System.nanoTime();
    Prompt prompt = new Prompt(64, 64, 0, 150, 32, false, 40);
    float infinity = Float.POSITIVE_INFINITY;
    for (float odd : new float[] {Float.NaN, infinity, -infinity, 1e38f}) {
      float[] expected = attend(forms.getFirst(), prompt, seed, odd);
      float[] actual = attend(forms.getLast(), prompt, seed, odd);

      for (int i = 0; i < expected.length; i++) {
        assertThat(Float.isNaN(actual[i]))
            .as("%s, seed %d", odd, seed)
            .isEqualTo(Float.isNaN(expected[i]));
        if (!Float.isNaN(expected[i])) {
          assertThat(actual[i])
              .as("query of %s, seed %d, element %d", odd, seed, i)
              .isCloseTo(expected[i], within(2e-5f));
        }
      }
    }
  }

  private static float[] attend(InnerLoops loops, Prompt p, long seed) {
    return attend(loops, p, seed, 0);
  }

  /**
   * With an element of the query of a token in the middle, and of all heads, that is no common
   * number, unless it is 0.
   */
  private static float[] attend(InnerLoops loops, Prompt p, long seed, float odd) {
    Random random = new Random(seed);
    int positions = p.past() + p.tokens();
    int used = (positions + p.blockSize() - 1) / p.blockSize();
    List<Integer> blocks = new ArrayList<>();
    for (int i = 0; i < used; i++) {
      blocks.add(p.shuffled() ? 2 * i : i + 1);
    }
    if (p.shuffled()) {
      Collections.shuffle(blocks, random);
    }
    try (Arena arena = Arena.ofShared();
        WorkerTeam team = new WorkerTeam(2);
        Execution execution = new Execution(team)) {
      HostTensor query = floats(arena, p.tokens(), HEADS, p.headDim());
      fill(query, random, 0, query.size());
      for (int head = 0; odd != 0 && head < HEADS; head++) {
        long row = (long) (p.tokens() / 2) * HEADS + head;
        query.segment().set(Layouts.FLOAT, 4 * row * p.headDim(), odd);
      }
      HostTensor keys = cache(arena, random, p, blocks, p.headDim());
      HostTensor values = cache(arena, random, p, blocks, p.valueDim());
      HostTensor table = ints(arena, used);
      HostTensor sequence = ints(arena, p.tokens());
      HostTensor position = ints(arena, p.tokens());
      for (int i = 0; i < used; i++) {
        table.segment().set(Layouts.INT, 4L * i, blocks.get(i));
      }
      for (int i = 0; i < p.tokens(); i++) {
        position.segment().set(Layouts.INT, 4L * i, p.past() + i);
      }
      HostTensor result = floats(arena, p.tokens(), HEADS, p.valueDim());
      PagedPlan plan =
          new PagedPlan(
              query,
              keys,
              values,
              new HostTensor(table.segment(), 0, DType.I32, Layout.contiguous(Shape.of(1, used))),
              sequence,
              position,
              result,
              0.3f,
              p.window());
      new PagedAttentionKernel(loops, execution, plan).run(execution);
      float[] numbers = new float[(int) result.size()];
      for (int i = 0; i < numbers.length; i++) {
        numbers[i] = result.segment().get(Layouts.FLOAT, 4L * i);
      }
      return numbers;
    }
  }

  /** Blocks of a cache of which only the positions of the sequence hold numbers. */
  private static HostTensor cache(
      Arena arena, Random random, Prompt p, List<Integer> blocks, int dim) {
    HostTensor cache = floats(arena, 2 * blocks.size() + 1, p.blockSize(), KV_HEADS, dim);
    for (long i = 0; i < cache.size(); i++) {
      cache.segment().set(Layouts.FLOAT, 4 * i, Float.NaN);
    }
    long row = (long) KV_HEADS * dim;
    for (int i = 0; i < p.past() + p.tokens(); i++) {
      int block = blocks.get(i / p.blockSize());
      long from = ((long) block * p.blockSize() + i % p.blockSize()) * row;
      fill(cache, random, from, from + row);
    }
    return cache;
  }

  private static void fill(HostTensor tensor, Random random, long from, long to) {
    for (long i = from; i < to; i++) {
      tensor.segment().set(Layouts.FLOAT, 4 * i, random.nextFloat() * 2 - 1);
    }
  }

  private static HostTensor floats(Arena arena, long... extents) {
    return tensor(arena, DType.F32, Shape.of(extents));
  }

  private static HostTensor ints(Arena arena, int n) {
    return tensor(arena, DType.I32, Shape.of(n));
  }

  private static HostTensor tensor(Arena arena, DType dtype, Shape shape) {
    MemorySegment memory = arena.allocate(4 * shape.size(), 64);
    return new HostTensor(memory, 0, dtype, Layout.contiguous(shape));
  }
}
