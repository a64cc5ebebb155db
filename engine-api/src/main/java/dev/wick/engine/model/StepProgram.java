package dev.wick.engine.model;

import dev.wick.engine.Engine;
import dev.wick.engine.Program;
import dev.wick.engine.Tracer;
import dev.wick.engine.op.Expr;
import dev.wick.engine.tensor.DType;
import dev.wick.engine.tensor.TensorSpec;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A forward pass traced for one shape of step, with the host memory of its inputs. */
final class StepProgram implements AutoCloseable {
  private static final String INPUT = "step";
  private static final String LOGITS = "logits";
  private static final String LOG_SUM_EXP = "log_sum_exp";
  private static final String ARG_MAX = "arg_max";

  private final StepShape shape;
  private final Program program;
  private final List<String> observed = new ArrayList<>();
  private final Arena arena = Arena.ofShared();
  private final MemorySegment input;
  private final MemorySegment logSumExp;
  private final MemorySegment argMax;
  private @Nullable AdapterInputs adapters;

  StepProgram(
      Engine engine,
      StepShape shape,
      KvCache cache,
      LoraPool pool,
      ForwardPass forward,
      boolean observe) {
    this.shape = shape;
    this.input = arena.allocate(4L * shape.inputLength(), 64);
    this.logSumExp = arena.allocate(4L * Math.max(1, shape.logitRows()), 64);
    this.argMax = arena.allocate(4L * Math.max(1, shape.logitRows()), 64);
    try {
      this.program = engine.trace(tracer -> trace(tracer, cache, pool, forward, observe));
    } catch (RuntimeException e) {
      arena.close();
      throw e;
    }
  }

  private void trace(
      Tracer tracer, KvCache cache, LoraPool pool, ForwardPass forward, boolean observe) {
    int rows = shape.rows();
    Expr all = tracer.input(INPUT, TensorSpec.of(DType.I32, shape.inputLength()));
    int table = 4 * rows;
    int logitRows = table + shape.sequences() * shape.tableWidth();
    AdaptedRows tokenRows = AdaptedRows.NONE;
    AdaptedRows wantedRows = AdaptedRows.NONE;
    if (shape.adapters().uses() > 0) {
      adapters = new AdapterInputs(tracer, shape.adapters(), pool, rows, shape.logitRows());
      tokenRows = adapters.tokens();
      wantedRows = adapters.logits();
    }
    StepContext context =
        new StepContext(
            tokenRows,
            all.slice(0, 0, rows),
            all.slice(0, rows, 2L * rows),
            all.slice(0, 2L * rows, 3L * rows),
            all.slice(0, 3L * rows, 4L * rows),
            all.slice(0, table, logitRows).reshape(shape.sequences(), shape.tableWidth()),
            cache,
            observe ? (name, value) -> output(tracer, name, value) : (name, value) -> {});
    Expr hidden = forward.hidden(context);
    if (shape.logitRows() > 0) {
      Expr wanted =
          shape.logitRows() == rows
              ? hidden
              : hidden.gather(all.slice(0, logitRows, shape.inputLength()));
      Expr scores = forward.logits(context.withRows(wantedRows), wanted);
      tracer.output(LOGITS, scores);
      tracer.output(LOG_SUM_EXP, scores.logSumExp());
      tracer.output(ARG_MAX, scores.argMax(-1));
    }
  }

  private void output(Tracer tracer, String name, Expr value) {
    observed.add(name);
    tracer.output(name, value);
  }

  StepShape shape() {
    return shape;
  }

  /** Bytes of device memory that it holds. */
  long arenaBytes() {
    return program.arenaBytes();
  }

  List<String> observed() {
    return observed;
  }

  float[] readObserved(String name) {
    float[] result = new float[Math.toIntExact(program.outputSpec(name).shape().size())];
    program.read(name, MemorySegment.ofArray(result));
    return result;
  }

  /** Runs the step; the leases have room for its tokens but are not advanced yet. */
  void run(StepBatch batch, AdapterBatch adapterBatch) {
    int rows = shape.rows();
    int table = 4 * rows;
    int nextLogit = table + shape.sequences() * shape.tableWidth();
    int row = 0;
    for (int s = 0; s < batch.sequences().size(); s++) {
      StepBatch.Sequence sequence = batch.sequences().get(s);
      KvLease lease = sequence.lease();
      for (int i = 0; i < sequence.rows(); i++, row++) {
        int position = lease.length() + i;
        set(row, batch.token(row));
        set(rows + row, position);
        set(2 * rows + row, s);
        set(3 * rows + row, lease.slot(position));
        boolean last = i == sequence.rows() - 1;
        if (sequence.logits() == StepBatch.Logits.ALL
            || (last && sequence.logits() == StepBatch.Logits.LAST)) {
          set(nextLogit++, row);
        }
      }
      for (int b = 0; b < shape.tableWidth(); b++) {
        set(table + s * shape.tableWidth() + b, b < lease.blocks() ? lease.block(b) : 0);
      }
    }
    if (adapters != null) {
      adapters.write(adapterBatch, program);
    }
    program.write(INPUT, input);
    program.run();
  }

  private void set(int index, int value) {
    input.setAtIndex(ValueLayout.JAVA_INT, index, value);
  }

  /** Waits and copies the results. */
  void read(StepOutput output, int vocabSize) {
    output.resize(shape.logitRows(), vocabSize);
    if (shape.logitRows() == 0) {
      program.synchronize();
      return;
    }
    program.read(LOG_SUM_EXP, logSumExp);
    program.read(ARG_MAX, argMax);
    for (int r = 0; r < shape.logitRows(); r++) {
      program.read(LOGITS, 4L * r * vocabSize, output.segment(r));
      output.summarize(
          r,
          logSumExp.getAtIndex(ValueLayout.JAVA_FLOAT, r),
          argMax.getAtIndex(ValueLayout.JAVA_INT, r));
    }
  }

  @Override
  public void close() {
    program.close();
    arena.close();
  }
}
