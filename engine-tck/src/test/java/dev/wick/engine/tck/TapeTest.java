package dev.wick.engine.tck;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import dev.wick.engine.Engine;
import dev.wick.engine.FallbackMode;
import dev.wick.engine.Tensor;
import dev.wick.engine.TensorScope;
import dev.wick.engine.autodiff.Tape;
import dev.wick.engine.op.Binary;
import dev.wick.engine.op.Copy;
import dev.wick.engine.op.Expr;
import dev.wick.engine.op.MatMul;
import dev.wick.engine.op.Op;
import dev.wick.engine.op.Reduce;
import dev.wick.engine.op.Scatter;
import dev.wick.engine.op.Unary;
import dev.wick.engine.spi.CommandQueue;
import dev.wick.engine.spi.Device;
import dev.wick.engine.spi.OpCall;
import dev.wick.engine.spi.Probe;
import dev.wick.engine.tck.reference.ReferenceBackendProvider;
import dev.wick.engine.tensor.DType;
import dev.wick.engine.tensor.Layout;
import dev.wick.engine.tensor.Shape;
import dev.wick.engine.tensor.TensorSpec;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What a tape records and gives back, beyond the gradients of single operations. */
class TapeTest {
  private final List<OpCall> calls = new ArrayList<>();
  private Engine engine;
  private TensorScope scope;
  private Tape tape;

  @BeforeEach
  void open() {
    ReferenceBackendProvider provider = new ReferenceBackendProvider();
    Device reference = provider.open(((Probe.Available) provider.probe()).devices().getFirst());
    Device listening =
        new DelegatingDevice(reference) {
          @Override
          void submit(CommandQueue queue, OpCall call) {
            calls.add(call);
            super.submit(queue, call);
          }
        };
    engine = Engine.of(listening, FallbackMode.ALLOW);
    scope = engine.newScope();
    tape = new Tape(scope);
  }

  @AfterEach
  void close() {
    scope.close();
    engine.close();
  }

  private Expr watch(float... elements) {
    return tape.watch(scope.tensor(elements, elements.length));
  }

  private static float[] floats(Expr expr) {
    return ((Tensor) expr).toFloatArray();
  }

  private float[] gradient(Expr loss, Expr watched) {
    return floats(tape.gradients(loss, List.of(watched)).getFirst());
  }

  private static Expr sum(Expr x) {
    return x.reshape(x.shape().size()).sum(0);
  }

  private List<Op> ops() {
    return calls.stream().map(OpCall::op).toList();
  }

  @Test
  void gradients_ofALinearLayer_areTheFormulas() {
    Expr x = tape.watch(scope.tensor(new float[] {1, 2, 3, 4}, 2, 2));
    Expr w = tape.watch(scope.tensor(new float[] {5, 6, 7, 8}, 2, 2));
    Tensor seed = scope.tensor(new float[] {1, 0, 0, 2}, 2, 2);

    Expr y = x.matMul(w.transpose(0, 1));
    List<Expr> gradients = tape.gradients(List.of(y), List.of(seed), List.of(x, w));

    assertThat(floats(gradients.get(0))).containsExactly(5, 6, 14, 16); // seed · w
    assertThat(floats(gradients.get(1))).containsExactly(1, 2, 6, 8); // seedᵀ · x
  }

  @Test
  void gradients_whereNothingIsReached_areZeros() {
    Expr x = watch(1, 2);
    Expr other = watch(3, 4, 5);

    assertThat(gradient(sum(x), other)).containsExactly(0, 0, 0);
  }

  @Test
  void gradients_ofAnIntermediateValue_areThere() {
    Expr x = watch(1, 2);
    Expr y = x.mul(3);

    List<Expr> gradients = tape.gradients(sum(y.unary(Unary.Kind.SQUARE)), List.of(y, x));

    assertThat(floats(gradients.get(0))).containsExactly(6, 12);
    assertThat(floats(gradients.get(1))).containsExactly(18, 36);
  }

  @Test
  void gradients_askedForTwice_areTheSame() {
    Expr x = watch(1, 2);
    Expr loss = sum(x.mul(x));

    assertThat(gradient(loss, x)).isEqualTo(gradient(loss, x)).containsExactly(2, 4);
  }

  @Test
  void value_onTheTape_cutsTheGradient() {
    Expr x = watch(3);

    assertThat(gradient(x.mul(Tape.value(x)), x)).containsExactly(3);
  }

  @Test
  void ties_shareTheGradient_asInTorch() {
    Expr x = watch(1, 5, 2);
    Expr y = watch(1, 4, 3);
    Expr rows = tape.watch(scope.tensor(new float[] {7, 7, 1, 7, 0, -1}, 2, 3));

    Expr larger = sum(x.apply(new Binary(Binary.Kind.MAX), y));
    Expr smaller = sum(x.apply(new Binary(Binary.Kind.MIN), y));

    assertThat(gradient(larger, x)).containsExactly(0.5f, 1, 0);
    assertThat(gradient(larger, y)).containsExactly(0.5f, 0, 1);
    assertThat(gradient(smaller, x)).containsExactly(0.5f, 0, 1);
    assertThat(gradient(sum(rows.max(1)), rows)).containsExactly(0.5f, 0.5f, 0, 1, 0, 0);
    Expr zeros = watch(0, -2, 2);
    assertThat(gradient(sum(zeros.unary(Unary.Kind.ABS)), zeros)).containsExactly(0, -1, 1);
  }

  @Test
  void pow_atZero_staysFinite() {
    Expr x = watch(0, 0, 2, 2);
    Expr y = watch(0, 2, 0, 3);

    Expr power = sum(x.apply(new Binary(Binary.Kind.POW), y));

    assertThat(gradient(power, x)).containsExactly(0, 0, 0, 12);
    assertThat(gradient(power, y)[0]).isZero();
    assertThat(gradient(power, y)[1]).isZero();
    assertThat(gradient(power, y)[3]).isCloseTo((float) (8 * Math.log(2)), within(1e-5f));
  }

  @Test
  void frozenHalfPrecisionWeight_isReadAsItIsStored() {
    TensorSpec spec = TensorSpec.of(DType.BF16, 3, 2); // [out, in]
    HostTensor weight = HostTensor.of(spec, i -> i + 1);
    Expr x = tape.watch(scope.tensor(new float[] {1, 1}, 1, 2));
    Tensor stored = scope.tensor(weight.segment(), spec);

    assertThat(gradient(sum(x.matMul(stored.transpose(0, 1))), x)).containsExactly(9, 12);
    List<OpCall> products = calls.stream().filter(call -> call.op() instanceof MatMul).toList();
    assertThat(products).hasSize(2);
    assertThat(products)
        .allSatisfy(
            call ->
                assertThat(call.operands().get(1).buffer()).isSameAs(stored.storage().buffer()));
  }

  @Test
  void recording_ofWhatDependsOnNothingWatched_doesNotHappen() {
    Tensor frozen = scope.tensor(new float[] {1, 2}, 2);

    List<Expr> results = tape.apply(new Unary(Unary.Kind.EXP), List.of(frozen));

    assertThat(results.getFirst()).isInstanceOf(Tensor.class);
  }

  @Test
  void branchThatTheLossDoesNotUse_costsNothing() {
    Expr x = watch(1, 2);
    Expr loss = sum(x.mul(x));
    x.unary(Unary.Kind.EXP).mul(x).softmax();
    Expr frozenSide = watch(5, 6).unary(Unary.Kind.EXP); // not asked for
    Expr both = loss.add(sum(frozenSide));
    calls.clear();
    gradient(loss, x);
    int alone = calls.size();
    calls.clear();

    gradient(both, x);

    assertThat(calls).hasSize(alone);
  }

  @Test
  void slicesOfOneValue_areJoinedOnce() {
    Expr qkv = tape.watch(scope.tensor(new float[] {1, 2, 3, 4, 5, 6, 7, 8}, 2, 4));
    Expr loss =
        sum(qkv.slice(1, 0, 1).mul(10))
            .add(sum(qkv.slice(1, 3, 4).mul(30)))
            .add(sum(qkv.slice(1, 1, 2).mul(20)));
    calls.clear();

    float[] gradient = gradient(loss, qkv);

    assertThat(gradient).containsExactly(10, 20, 0, 30, 10, 20, 0, 30);
    assertThat(ops()).filteredOn(Copy.class::isInstance).hasSize(1);
  }

  @Test
  void slicesThatOverlap_areAdded() {
    Expr x = watch(1, 2, 3, 4);

    Expr loss =
        sum(x.slice(0, 0, 3)).add(sum(x.slice(0, 1, 4).mul(10))).add(sum(x.slice(0, 3, 4).mul(5)));

    assertThat(gradient(loss, x)).containsExactly(1, 11, 11, 15);
  }

  @Test
  void broadcastOverSeveralAxes_isSummedInOneGo() {
    Expr bias = watch(1, 2, 3, 4);
    Expr loss = sum(bias.broadcast(Shape.of(2, 3, 4)).mul(2));
    calls.clear();

    assertThat(gradient(loss, bias)).containsExactly(12, 12, 12, 12);
    assertThat(ops()).filteredOn(Reduce.class::isInstance).hasSize(1);
  }

  @Test
  void viewByStridesThatOverlap_addsUp() {
    Expr x = watch(1, 2, 3, 4);
    // Windows of two: [1, 2], [2, 3], [3, 4].
    Layout windows = Layout.contiguous(Shape.of(3, 1)).broadcast(Shape.of(3, 2));
    Layout overlapping = Layout.contiguous(Shape.of(3, 1, 1)).broadcast(Shape.of(3, 1, 2));

    assertThat(gradient(sum(x.view(windows, 1).mul(2)), x)).containsExactly(0, 4, 4, 4);
    assertThat(gradient(sum(x.view(overlapping, 0)), x)).containsExactly(2, 2, 2, 0);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> x.broadcast(Shape.of(2, 4)).view(windows, 0))
        .withMessageContaining("view: expected a contiguous value on a tape");
  }

  @Test
  void tapeOverATape_givesSecondDerivatives() {
    Tape second = new Tape(tape);
    Expr x = watch(2, 3);
    Expr inner = second.watch(x);

    Expr cube = sum(inner.mul(inner).mul(inner));
    Expr slope = second.gradients(cube, List.of(inner)).getFirst();

    assertThat(floats(Tape.value(slope))).containsExactly(12, 27);
    assertThat(gradient(sum(slope), x)).containsExactly(12, 18);
  }

  @Test
  void operationInPlace_leavesTheTableAsItWas() {
    Tensor plain = scope.tensor(new float[] {1, 2, 3}, 3);
    Expr table = tape.watch(plain);
    Expr update = watch(10);
    Expr indices = scope.tensor(new int[] {1}, 1);
    Expr exp = table.mul(table);

    Expr after = table.apply(new Scatter(Scatter.Mode.SET), indices, update);
    Expr loss = sum(after.mul(3)).add(sum(exp));

    assertThat(plain.toFloatArray()).containsExactly(1, 2, 3);
    assertThat(floats(Tape.value(after))).containsExactly(1, 10, 3);
    assertThat(gradient(loss, table)).containsExactly(5, 4, 9);
    assertThat(gradient(loss, update)).containsExactly(3);
  }

  @Test
  void weightsOfAnotherScope_leaveNothingThere() {
    try (TensorScope weights = engine.newScope()) {
      Tensor w = weights.tensor(new float[] {2, 3}, 2);
      Expr x = watch(1, 1);

      // The weight comes first, whose scope would run the operation without a tape.
      Expr loss = sum(w.apply(new Binary(Binary.Kind.POW), x));
      Expr gradient = tape.gradients(loss, List.of(x)).getFirst();

      assertThat(gradient.evaluator()).isSameAs(scope);
      assertThat(floats(gradient)[1]).isCloseTo((float) (3 * Math.log(3)), within(1e-5f));
    }
  }

  @Test
  void watch_ofWhatHasNoGradient_fails() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> tape.watch(scope.tensor(new int[] {1}, 1)))
        .withMessage("watch: expected an F32, F16 or BF16 value, got I32[1]");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> tape.watch(watch(1)))
        .withMessageStartingWith("watch: expected a value that is not on this tape");
  }

  @Test
  void gradients_ofTheWrongThings_fail() {
    Expr x = watch(1, 2);
    Tensor plain = scope.tensor(new float[] {1}, 1);

    assertThatIllegalArgumentException()
        .isThrownBy(() -> tape.gradients(x, List.of(x)))
        .withMessage("gradients: expected a loss of one F32 element, got F32[2]");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> tape.gradients(List.of(x), List.of(plain), List.of(x)))
        .withMessage("gradients: expected a seed F32[2], got F32[1]");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> tape.gradients(List.of(x), List.of(), List.of(x)))
        .withMessage("gradients: expected a seed for each of 1 outputs, got 0");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> tape.gradients(sum(x), List.of(plain)))
        .withMessageContaining("values on this tape, got one that is not: F32[1]; watch it first");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> x.add(new Tape(scope).watch(plain)))
        .withMessageContaining("expected a tensor, got a value of a trace or tape");
  }
}
