package dev.wick.engine.tck;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.wick.engine.Engine;
import dev.wick.engine.FallbackMode;
import dev.wick.engine.Program;
import dev.wick.engine.Tensor;
import dev.wick.engine.TensorScope;
import dev.wick.engine.autodiff.Tape;
import dev.wick.engine.op.Expr;
import dev.wick.engine.op.Unary;
import dev.wick.engine.spi.Probe;
import dev.wick.engine.tck.reference.ReferenceBackendProvider;
import dev.wick.engine.tensor.DType;
import dev.wick.engine.tensor.TensorSpec;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.Function;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Blocks whose intermediate values are computed again in the backward pass. */
class CheckpointTest {
  private static final int ROWS = 64;
  private static final int COLUMNS = 16;
  private static final int LAYERS = 8;

  private Engine engine;
  private TensorScope scope;

  @BeforeEach
  void open() {
    ReferenceBackendProvider provider = new ReferenceBackendProvider();
    engine =
        Engine.of(
            provider.open(((Probe.Available) provider.probe()).devices().getFirst()),
            FallbackMode.ALLOW);
    scope = engine.newScope();
  }

  @AfterEach
  void close() {
    scope.close();
    engine.close();
  }

  private static Expr sum(Expr x) {
    return x.reshape(x.shape().size()).sum(0);
  }

  /** How a layer is applied. */
  private interface Application {
    Expr apply(Tape tape, Function<List<Expr>, List<Expr>> layer, Expr x);
  }

  private Program trace(List<Tensor> weights, Application application) {
    return engine.trace(
        tracer -> {
          Tape tape = new Tape(tracer);
          List<Expr> watched = new ArrayList<>();
          weights.forEach(weight -> watched.add(tape.watch(weight)));
          Expr x = tracer.input("x", TensorSpec.of(DType.F32, ROWS, COLUMNS));
          for (Expr weight : watched) {
            x = application.apply(tape, in -> List.of(layer(in.getFirst(), weight)), x);
          }
          List<Expr> gradients = tape.gradients(sum(x), watched);
          for (int i = 0; i < gradients.size(); i++) {
            tracer.output("dw" + i, gradients.get(i));
          }
        });
  }

  /** The weight is not given to the block, but gets its gradient. */
  private static Expr layer(Expr x, Expr weight) {
    Expr wide = x.matMul(weight).unary(Unary.Kind.SILU);
    Expr wider = wide.mul(wide.unary(Unary.Kind.TANH)).unary(Unary.Kind.SIGMOID);
    return x.add(wider.unary(Unary.Kind.SIN).mul(wide));
  }

  private List<Tensor> weights() {
    SplittableRandom random = new SplittableRandom(7);
    List<Tensor> weights = new ArrayList<>();
    for (int i = 0; i < LAYERS; i++) {
      HostTensor weight = HostTensor.normal(random, DType.F32, COLUMNS, COLUMNS);
      weights.add(scope.tensor(weight.segment(), weight.spec()));
    }
    return weights;
  }

  private static List<HostTensor> run(Program program) {
    HostTensor x = HostTensor.normal(new SplittableRandom(8), DType.F32, ROWS, COLUMNS);
    program.write("x", x.segment());
    program.run();
    List<HostTensor> gradients = new ArrayList<>();
    for (int i = 0; i < LAYERS; i++) {
      HostTensor gradient = HostTensor.zeros(program.outputSpec("dw" + i));
      program.read("dw" + i, gradient.segment());
      gradients.add(gradient);
    }
    return gradients;
  }

  @Test
  void checkpointedLayers_giveTheSameGradients_inLessMemory() {
    List<Tensor> weights = weights();

    try (Program kept = trace(weights, (tape, layer, x) -> layer.apply(List.of(x)).getFirst());
        Program again =
            trace(weights, (tape, layer, x) -> tape.checkpoint(layer, List.of(x)).getFirst())) {
      assertThat(run(again)).isEqualTo(run(kept));
      assertThat(again.arenaBytes()).isLessThan(kept.arenaBytes() / 2);
    }
  }

  @Test
  void nestedCheckpoints_giveTheSameGradients() {
    List<Tensor> weights = weights();

    try (Program kept = trace(weights, (tape, layer, x) -> layer.apply(List.of(x)).getFirst());
        Program nested =
            trace(
                weights,
                (tape, layer, x) ->
                    tape.checkpoint(outer -> tape.checkpoint(layer, outer), List.of(x))
                        .getFirst())) {
      assertThat(run(nested)).isEqualTo(run(kept));
    }
  }

  @Test
  void checkpoint_withSeveralResults_passesEachGradient() {
    Tape tape = new Tape(scope);
    Expr x = tape.watch(scope.tensor(new float[] {1, 2}, 2));
    Expr y = tape.watch(scope.tensor(new float[] {3, 4}, 2));
    Tensor frozen = scope.tensor(new float[] {5, 6}, 2);

    List<Expr> results =
        tape.checkpoint(
            in -> List.of(in.get(0).mul(in.get(1)), in.get(0), in.get(2).mul(2), in.get(1).mul(y)),
            List.of(x, y, frozen));
    Expr loss = sum(results.get(0)).add(sum(results.get(1)).mul(10)).add(sum(results.get(3)));
    List<Expr> gradients = tape.gradients(loss, List.of(x, y));

    assertThat(results.get(1)).isSameAs(x);
    assertThat(((Tensor) results.get(2)).toFloatArray()).containsExactly(10, 12);
    assertThat(((Tensor) gradients.get(0)).toFloatArray()).containsExactly(13, 14);
    assertThat(((Tensor) gradients.get(1)).toFloatArray()).containsExactly(7, 10);
  }

  @Test
  void valueWatchedInsideOfACheckpoint_isRefused() {
    Tape tape = new Tape(scope);
    Expr x = tape.watch(scope.tensor(new float[] {1, 2}, 2));
    List<Expr> inside = new ArrayList<>();

    Expr y =
        tape.checkpoint(
                in -> {
                  inside.add(in.getFirst().mul(2));
                  return List.of(inside.getFirst().mul(3));
                },
                List.of(x))
            .getFirst();

    assertThatIllegalArgumentException()
        .isThrownBy(() -> tape.gradients(sum(y), inside))
        .withMessageContaining("from outside of a checkpoint, got F32[2] from inside");
  }
}
