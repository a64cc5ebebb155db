package dev.wick.benchmarks.op;

import dev.wick.engine.Engine;
import dev.wick.engine.FallbackMode;
import dev.wick.engine.Program;
import dev.wick.engine.op.Expr;
import dev.wick.engine.tensor.TensorSpec;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.Function;

/** An operation recorded once for operands of given types, filled at random. */
final class TracedOp implements AutoCloseable {
  private final Engine engine;
  private final Program program;

  /**
   * An operation on a device.
   *
   * @param device a selector, such as {@code cpu}
   */
  TracedOp(String device, List<TensorSpec> operands, Function<List<Expr>, Expr> op) {
    engine = Engine.open(device, FallbackMode.REQUIRE_FUSED);
    program =
        engine.trace(
            tracer -> {
              List<Expr> inputs = new ArrayList<>();
              for (int i = 0; i < operands.size(); i++) {
                inputs.add(tracer.input("operand" + i, operands.get(i)));
              }
              tracer.output("result", op.apply(inputs));
            });
    SplittableRandom random = new SplittableRandom(1);
    for (int i = 0; i < operands.size(); i++) {
      fill(i, operands.get(i), random);
    }
  }

  /** Writes what is random into an operand; integers become 0. */
  private void fill(int operand, TensorSpec spec, SplittableRandom random) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment values = arena.allocate(spec.byteSize(), 64);
      long count = spec.shape().size();
      switch (spec.dtype()) {
        case F32 -> {
          for (long i = 0; i < count; i++) {
            values.setAtIndex(ValueLayout.JAVA_FLOAT, i, (float) random.nextDouble(-1, 1));
          }
        }
        case BF16 -> {
          for (long i = 0; i < count; i++) {
            int bits = Float.floatToRawIntBits((float) random.nextDouble(-1, 1));
            values.setAtIndex(ValueLayout.JAVA_SHORT, i, (short) (bits >>> 16));
          }
        }
        case F16 -> {
          for (long i = 0; i < count; i++) {
            short bits = Float.floatToFloat16((float) random.nextDouble(-1, 1));
            values.setAtIndex(ValueLayout.JAVA_SHORT, i, bits);
          }
        }
        default -> values.fill((byte) 0);
      }
      program.write("operand" + operand, values);
    }
  }

  /** Sets an operand of integers. */
  void set(int operand, int... values) {
    try (Arena arena = Arena.ofConfined()) {
      program.write("operand" + operand, arena.allocateFrom(ValueLayout.JAVA_INT, values));
    }
  }

  /** Runs the operation to its end. */
  void run() {
    program.run();
    program.synchronize();
  }

  @Override
  public void close() {
    program.close();
    engine.close();
  }
}
