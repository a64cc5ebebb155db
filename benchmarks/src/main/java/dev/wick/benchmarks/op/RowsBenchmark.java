package dev.wick.benchmarks.op;

import dev.wick.engine.op.Expr;
import dev.wick.engine.op.SwiGlu;
import dev.wick.engine.tensor.DType;
import dev.wick.engine.tensor.TensorSpec;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
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

/** Operations that treat each token by itself, at the shapes of Qwen2.5-0.5B. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
public class RowsBenchmark {
  @Param("cpu")
  String device;

  @Param({"1", "512"})
  int tokens;

  @Param({"RMS_NORM", "SWI_GLU", "ROPE", "SOFTMAX", "TOP_K", "ADD"})
  Kind kind;

  private TracedOp op;

  /** Records the operation. */
  @Setup(Level.Trial)
  public void record() {
    op =
        switch (kind) {
          case RMS_NORM ->
              traced(x -> x.get(0).rmsNorm(x.get(1), 1e-6f), f32(tokens, 896), f32(896));
          case SWI_GLU ->
              traced(
                  x -> x.get(0).apply(new SwiGlu(), x.get(1)),
                  f32(tokens, 4864),
                  f32(tokens, 4864));
          case ROPE ->
              traced(
                  x -> x.get(0).rope(x.get(1), x.get(2)),
                  f32(tokens, 14, 64),
                  f32(tokens, 32),
                  f32(tokens, 32));
          case SOFTMAX -> traced(x -> x.get(0).softmax(), f32(tokens, 4096));
          case TOP_K -> traced(x -> x.get(0).topK(8).getFirst(), f32(tokens, 4096));
          case ADD -> traced(x -> x.get(0).add(x.get(1)), f32(tokens, 896), f32(tokens, 896));
        };
  }

  private static TensorSpec f32(long... extents) {
    return TensorSpec.of(DType.F32, extents);
  }

  private TracedOp traced(Function<List<Expr>, Expr> function, TensorSpec... operands) {
    return new TracedOp(device, List.of(operands), function);
  }

  /** All tokens. */
  @Benchmark
  public void run() {
    op.run();
  }

  /** Frees the operands. */
  @TearDown(Level.Trial)
  public void close() {
    op.close();
  }

  /** What is measured. */
  public enum Kind {
    /** Root-mean-square norm of 896 channels. */
    RMS_NORM,
    /** Gate and up of 4864 channels. */
    SWI_GLU,
    /** Rotation of 14 heads of 64 channels. */
    ROPE,
    /** Softmax over 4096 scores. */
    SOFTMAX,
    /** The 8 largest of 4096 scores. */
    TOP_K,
    /** A residual connection of 896 channels. */
    ADD
  }
}
