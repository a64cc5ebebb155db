package dev.wick.benchmarks.op;

import dev.wick.engine.tensor.DType;
import dev.wick.engine.tensor.TensorSpec;
import java.util.List;
import java.util.concurrent.TimeUnit;
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

/**
 * Products with a transposed weight, as decoding (1 row), batched decoding (8) and prefill (512)
 * do; the weight has the shape of the feed-forward network of Qwen2.5-0.5B.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
public class MatMulBenchmark {
  private static final int INNER = 896;
  private static final int OUTER = 4864;

  @Param("cpu")
  String device;

  @Param({"1", "8", "512"})
  int rows;

  @Param({"BF16", "F16", "F32"})
  DType weights;

  private TracedOp op;

  /** Records the product. */
  @Setup(Level.Trial)
  public void record() {
    op =
        new TracedOp(
            device,
            List.of(TensorSpec.of(DType.F32, rows, INNER), TensorSpec.of(weights, OUTER, INNER)),
            x -> x.get(0).matMul(x.get(1).transpose(0, 1)));
  }

  /** The whole product. */
  @Benchmark
  public void matMul() {
    op.run();
  }

  /** Frees the operands. */
  @TearDown(Level.Trial)
  public void close() {
    op.close();
  }
}
