package dev.wick.benchmarks.op;

import dev.wick.engine.op.PagedAttention;
import dev.wick.engine.tensor.DType;
import dev.wick.engine.tensor.TensorSpec;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/** Attention of the last tokens of one sequence over its paged cache, one layer of Qwen2.5-0.5B. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
public class AttentionBenchmark {
  private static final int BLOCK = 16;
  private static final int HEADS = 14;
  private static final int KV_HEADS = 2;
  private static final int HEAD_DIM = 64;

  @Param("cpu")
  String device;

  @Param({"1", "512"})
  int tokens;

  @Param({"512", "4096"})
  int context;

  private TracedOp op;

  /** Records the operation; the tokens stand at the end of the context. */
  @Setup(Level.Trial)
  public void record() {
    int blocks = context / BLOCK;
    TensorSpec cache = TensorSpec.of(DType.F32, blocks, BLOCK, KV_HEADS, HEAD_DIM);
    op =
        new TracedOp(
            device,
            List.of(
                TensorSpec.of(DType.F32, tokens, HEADS, HEAD_DIM),
                cache,
                cache,
                TensorSpec.of(DType.I32, 1, blocks),
                TensorSpec.of(DType.I32, tokens),
                TensorSpec.of(DType.I32, tokens)),
            x ->
                x.get(0)
                    .apply(
                        new PagedAttention(0.125f, 0),
                        x.get(1),
                        x.get(2),
                        x.get(3),
                        x.get(4),
                        x.get(5)));
    op.set(3, IntStream.range(0, blocks).toArray());
    op.set(5, IntStream.range(context - tokens, context).toArray());
  }

  /** All heads of all tokens. */
  @Benchmark
  public void attend() {
    op.run();
  }

  /** Frees the operands. */
  @TearDown(Level.Trial)
  public void close() {
    op.close();
  }
}
