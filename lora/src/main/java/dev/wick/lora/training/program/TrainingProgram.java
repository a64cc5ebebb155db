package dev.wick.lora.training.program;

import dev.wick.engine.Engine;
import dev.wick.engine.Program;
import dev.wick.engine.SharedArena;
import dev.wick.engine.Tracer;
import dev.wick.engine.autodiff.Tape;
import dev.wick.engine.model.ForwardPass;
import dev.wick.engine.op.CrossEntropy;
import dev.wick.engine.op.Expr;
import dev.wick.engine.op.Iota;
import dev.wick.engine.op.Scatter;
import dev.wick.engine.tensor.DType;
import dev.wick.engine.tensor.TensorSpec;
import dev.wick.lora.training.data.MicroBatch;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.TreeMap;

/**
 * Forward and backward pass of one shape of micro-batch as one program.
 *
 * <p>Logits are made, turned into losses and differentiated by chunks of rows, so that no [tokens,
 * vocab] matrix exists: the gradient of the hidden states is complete when the backward pass
 * through the layers begins.
 */
public final class TrainingProgram implements AutoCloseable {
  private static final String INTEGERS = "integers";
  private static final String WEIGHTS = "weights";
  private static final String LOSS = "loss";
  private static final String GRADIENT = "gradient.";

  private final TrainableSet set;
  private final DeviceState state;
  private final TrainingShape shape;
  private final ProgramInputs inputs;
  private final int chunk;
  private final float labelSmoothing;
  private final double dropout;
  private final boolean checkpointing;
  private final boolean differentiates;
  private final Map<String, TensorSpec> masks = new LinkedHashMap<>();
  private final Program program;

  /**
   * What of a run's configuration shapes a program.
   *
   * @param logitRows rows of logits made at a time
   * @param labelSmoothing share of the target that goes to all tokens alike, while training
   * @param gradientCheckpointing whether the backward pass computes blocks again
   * @param residentWeights share of mapped weights that stays in memory between uses
   */
  public record Settings(
      int logitRows,
      double labelSmoothing,
      boolean gradientCheckpointing,
      double residentWeights) {}

  /**
   * Traces the program.
   *
   * @param arena memory that it shares with others, which run in turns
   * @param differentiates whether there is a backward pass, and dropout
   */
  public TrainingProgram(
      Engine engine,
      SharedArena arena,
      ForwardPass forward,
      TrainableSet set,
      DeviceState state,
      TrainingShape shape,
      Settings settings,
      boolean differentiates) {
    this.set = set;
    this.state = state;
    this.shape = shape;
    this.inputs = new ProgramInputs(shape);
    this.chunk = settings.logitRows();
    this.labelSmoothing = differentiates ? (float) settings.labelSmoothing() : 0;
    this.dropout = differentiates ? set.dropout() : 0;
    this.checkpointing = settings.gradientCheckpointing();
    this.differentiates = differentiates;
    this.program =
        engine.trace(
            tracer -> {
              tracer.residentShare(settings.residentWeights());
              trace(tracer, forward);
            },
            arena);
  }

  private void trace(Tracer tracer, ForwardPass forward) {
    Expr all = tracer.input(INTEGERS, TensorSpec.of(DType.I32, inputs.length()));
    Expr weights = tracer.input(WEIGHTS, TensorSpec.of(DType.F32, shape.labels()));
    Tape tape = new Tape(tracer);
    Variables variables = new Variables(state, tape(tape));
    if (differentiates) {
      for (int i = 0; i < set.tensors().size(); i++) {
        variables.get(i);
      }
    }
    TrainingContext context =
        new TrainingContext(
            set,
            variables,
            checkpointing,
            masks(tracer, ""),
            inputs.tokens(all),
            inputs.positions(all),
            inputs.firstRows(all));
    Expr hidden = forward.hidden(context); // [tokens, hidden]
    Head head = new Head(tracer, Tape.value(hidden), context);
    for (int begin = 0; begin < shape.labels(); begin += chunk) {
      int end = Math.min(begin + chunk, shape.labels());
      head.add(
          forward,
          inputs.rows(all, begin, end),
          inputs.labels(all, begin, end),
          weights.slice(0, begin, end));
    }
    tracer.output(LOSS, head.loss.getFirst());
    if (differentiates) {
      List<Expr> watched = List.copyOf(variables.watched().values());
      List<Expr> gradients = tape.gradients(List.of(hidden), List.of(head.hiddenGradient), watched);
      for (int i = 0; i < gradients.size(); i++) {
        Expr other = head.gradients.get(i);
        tracer.output(GRADIENT + i, other == null ? gradients.get(i) : gradients.get(i).add(other));
      }
    }
  }

  private Optional<Tape> tape(Tape tape) {
    return differentiates ? Optional.of(tape) : Optional.empty();
  }

  private Dropout masks(Tracer tracer, String suffix) {
    return new Dropout(
        dropout,
        suffix,
        (name, spec) -> {
          masks.put(name, spec);
          return tracer.input(name, spec);
        });
  }

  /** Losses and gradients above the hidden states. */
  private final class Head {
    private final Tracer tracer;
    private final Expr hidden;
    private final TrainingContext context;
    private final List<Expr> loss = new ArrayList<>();
    private final Map<Integer, Expr> gradients = new TreeMap<>();
    private Expr hiddenGradient;
    private int chunks;

    Head(Tracer tracer, Expr hidden, TrainingContext context) {
      this.tracer = tracer;
      this.hidden = hidden;
      this.context = context;
      Iota zeros = new Iota(DType.F32, hidden.shape().size(), 0, 0);
      this.hiddenGradient =
          tracer.apply(zeros, List.of()).getFirst().reshape(hidden.shape().toArray());
    }

    void add(ForwardPass forward, Expr rows, Expr labels, Expr weights) {
      Tape tape = new Tape(tracer);
      Variables variables = new Variables(state, tape(tape));
      Expr chosen = hidden.gather(rows); // [chunk, hidden]
      Expr input = differentiates ? tape.watch(chosen) : chosen;
      TrainingContext own = context.with(variables, masks(tracer, "#" + chunks++));
      Expr logits = forward.logits(own, input); // [chunk, vocab]
      // Not on the tape, which would keep the logits: their gradient may take their place.
      List<Expr> results =
          Expr.apply(
              new CrossEntropy(labelSmoothing), List.of(Tape.value(logits), labels, weights));
      Expr sum = results.get(0).sum(0);
      loss.add(loss.isEmpty() ? sum : loss.removeFirst().add(sum));
      if (differentiates) {
        List<Expr> watched = new ArrayList<>(variables.watched().values());
        watched.add(input);
        List<Expr> found = tape.gradients(List.of(logits), List.of(results.get(1)), watched);
        hiddenGradient =
            Expr.apply(
                    new Scatter(Scatter.Mode.ADD),
                    List.of(hiddenGradient, rows, found.getLast().contiguous()))
                .getFirst();
        int i = 0;
        for (int index : variables.watched().keySet()) {
          gradients.merge(index, found.get(i++), Expr::add);
        }
      }
    }
  }

  /** Bytes of device memory. */
  public long bytes() {
    return program.arenaBytes();
  }

  /**
   * Runs the program and waits for it.
   *
   * @param weight factor on the loss of each token that is learned
   * @param random where dropout comes from
   * @return the sum of losses times weight
   */
  public double run(MicroBatch batch, double weight, SplittableRandom random) {
    program.write(INTEGERS, MemorySegment.ofArray(inputs.integers(batch)));
    program.write(WEIGHTS, inputs.weights(batch, weight));
    masks.forEach(
        (name, spec) ->
            program.write(
                name, MemorySegment.ofArray(Dropout.draw(spec.shape(), dropout, random))));
    program.run();
    float[] loss = new float[1];
    program.read(LOSS, MemorySegment.ofArray(loss));
    return loss[0];
  }

  /** Adds the gradient of a trained tensor, of the last run, to others. */
  public void addGradient(int index, float[] sum, float[] scratch) {
    program.read(GRADIENT + index, MemorySegment.ofArray(scratch).asSlice(0, 4L * sum.length));
    for (int i = 0; i < sum.length; i++) {
      sum[i] += scratch[i];
    }
  }

  @Override
  public void close() {
    program.close();
  }
}
