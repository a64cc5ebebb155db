package dev.wick.engine.tck;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.wick.engine.Engine;
import dev.wick.engine.FallbackMode;
import dev.wick.engine.Program;
import dev.wick.engine.SharedArena;
import dev.wick.engine.Tensor;
import dev.wick.engine.TensorScope;
import dev.wick.engine.op.Expr;
import dev.wick.engine.spi.BackendProvider;
import dev.wick.engine.spi.Device;
import dev.wick.engine.spi.Probe;
import dev.wick.engine.spi.UnsupportedOpException;
import dev.wick.engine.tck.reference.ReferenceBackendProvider;
import dev.wick.engine.tensor.DType;
import dev.wick.engine.tensor.TensorSpec;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The engine on the reference backend; closing it proves that nothing is left open. */
class EngineTest {
  private final Engine engine = open(FallbackMode.ALLOW);

  private static Engine open(FallbackMode mode) {
    BackendProvider provider = new ReferenceBackendProvider();
    Device device = provider.open(((Probe.Available) provider.probe()).devices().getFirst());
    return Engine.of(device, mode);
  }

  @AfterEach
  void closeEngine() {
    engine.close();
  }

  private static MemorySegment floats(float... values) {
    return MemorySegment.ofArray(values);
  }

  @Test
  void operations_onTensors_runAtOnce() {
    try (TensorScope scope = engine.newScope()) {
      Tensor x = scope.tensor(new float[] {1, 2, 3, 4, 5, 6}, 2, 3);
      Expr y = x.transpose(0, 1).slice(0, 1, 3).add(10).mul(3);

      assertThat(((Tensor) y).toFloatArray()).containsExactly(36, 45, 39, 48);
      assertThat(((Tensor) x.transpose(0, 1)).toFloatArray()).containsExactly(1, 4, 2, 5, 3, 6);
      assertThat(((Tensor) x.argMax(1)).toIntArray()).containsExactly(2, 2);
      assertThat(((Tensor) x.sum(1).sum(0)).item()).isEqualTo(21);
      assertThat(((Tensor) x.reshape(3, 2).transpose(0, 1).reshape(6)).toFloatArray())
          .containsExactly(1, 3, 5, 2, 4, 6);
    }
  }

  @Test
  void tensor_readAsAnotherType_isRefused() {
    try (TensorScope scope = engine.newScope()) {
      Tensor x = scope.tensor(new int[] {1, 2}, 2);

      assertThatThrownBy(x::toFloatArray)
          .isInstanceOf(IllegalStateException.class)
          .hasMessage("tensor: expected F32 elements, got I32[2]; cast first");
      assertThatThrownBy(() -> scope.tensor(new float[3], 2, 2))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage("tensor: expected 16 bytes for F32[2, 2], got 12");
    }
  }

  @Test
  void scope_closed_refusesWork() {
    TensorScope scope = engine.newScope();
    Tensor x = scope.tensor(new float[] {1}, 1);
    scope.close();
    scope.close();

    assertThatThrownBy(() -> x.add(1))
        .isInstanceOf(IllegalStateException.class)
        .hasMessage("scope: expected an open scope, got a closed one");
    assertThatThrownBy(x::toFloatArray).isInstanceOf(IllegalStateException.class);
  }

  @Test
  void operations_acrossScopes_seeWhatTheOtherHasComputed() {
    try (TensorScope one = engine.newScope();
        TensorScope other = engine.newScope()) {
      Expr x = one.tensor(new float[] {1, 2}, 2).mul(3);
      Expr y = other.tensor(new float[] {10, 20}, 2).mul(2);

      assertThat(((Tensor) x.add(y)).toFloatArray()).containsExactly(23, 46);
      assertThat(((Tensor) y.add(x)).toFloatArray()).containsExactly(23, 46);
    }
  }

  @Test
  void operations_acrossEngines_areRefused() {
    try (Engine foreign = open(FallbackMode.ALLOW);
        TensorScope scope = engine.newScope();
        TensorScope other = foreign.newScope()) {
      Tensor x = scope.tensor(new float[] {1}, 1);
      Tensor y = other.tensor(new float[] {1}, 1);

      assertThatThrownBy(() -> x.add(y))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageStartingWith("engine: expected tensors of one engine on reference:0");
      assertThatThrownBy(
              () -> engine.trace(t -> t.output("y", t.input("x", x.spec()).add(y))).close())
          .isInstanceOf(IllegalArgumentException.class);
    }
  }

  @Test
  void fallbacks_byMode_areCountedOrRefused() {
    try (TensorScope scope = engine.newScope()) {
      Tensor x = scope.tensor(new float[] {3, 4}, 1, 2);
      Tensor weight = scope.tensor(new float[] {1, 1}, 2);
      x.rmsNorm(weight, 0);
      x.rmsNorm(weight, 0);
      x.softmax();

      assertThat(engine.fallbacks()).isEqualTo(Map.of("rms_norm", 2L, "softmax", 1L));
    }
    try (Engine strict = open(FallbackMode.REQUIRE_FUSED);
        TensorScope scope = strict.newScope()) {
      Tensor x = scope.tensor(new float[] {3, 4}, 1, 2);

      assertThatThrownBy(x::softmax)
          .isInstanceOf(UnsupportedOpException.class)
          .hasMessage(
              "softmax: expected a kernel on reference:0, got none for [F32[1, 2]]; open the"
                  + " engine with FallbackMode.ALLOW");
      assertThat(strict.fallbacks()).isEmpty();
    }
  }

  @Test
  void decomposition_ofSeveralResults_keepsTheirOrder() {
    try (TensorScope scope = engine.newScope()) {
      List<Expr> top = scope.tensor(new float[] {3, 9, 9, 1}, 4).topK(3);

      assertThat(((Tensor) top.get(0)).toFloatArray()).containsExactly(9, 9, 3);
      assertThat(((Tensor) top.get(1)).toIntArray()).containsExactly(1, 2, 0);
    }
  }

  @Test
  void program_runAgain_computesFromNewInputs() {
    try (Program program =
        engine.trace(
            t -> {
              Expr x = t.input("x", TensorSpec.of(DType.F32, 2, 2));
              t.output("square", x.matMul(x));
              t.output("column", x.slice(1, 0, 1)); // a view, read from its first element on
            })) {
      float[] square = new float[4];
      float[] column = new float[2];
      for (float factor : new float[] {1, 2}) {
        program.write("x", floats(factor, 0, 3 * factor, factor));
        program.run();
        program.read("square", MemorySegment.ofArray(square));
        program.read("column", MemorySegment.ofArray(column));

        float f = factor * factor;
        assertThat(square).containsExactly(f, 0, 6 * f, f);
        assertThat(column).containsExactly(factor, 3 * factor);
      }
    }
  }

  @Test
  void program_memory_isPlannedAndReused() {
    try (Program program =
        engine.trace(
            t -> {
              Expr x = t.input("x", TensorSpec.of(DType.F32, 1024));
              for (int i = 0; i < 20; i++) {
                x = x.mul(x);
              }
              t.output("y", x);
            })) {
      // Input, output, and two that take turns between them.
      assertThat(program.arenaBytes()).isLessThanOrEqualTo(4 * 4096);
    }
  }

  @Test
  void program_withWrongNamesOrSizes_saysWhatThereIs() {
    try (Program program =
        engine.trace(t -> t.output("y", t.input("x", TensorSpec.of(DType.F32, 2)).add(1)))) {
      assertThatThrownBy(() -> program.write("z", floats(1, 2)))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage("program: expected one of [x], got z");
      assertThatThrownBy(() -> program.write("x", floats(1, 2, 3)))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage("program: expected 8 bytes for input x F32[2], got 12");
      assertThatThrownBy(() -> program.read("y", floats(1, 2, 3)))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage("program: expected at most 8 bytes of output y F32[2], got 12");
      assertThat(program.outputSpec("y")).isEqualTo(TensorSpec.of(DType.F32, 2));
    }
  }

  @Test
  void program_closed_refusesToRun() {
    Program program =
        engine.trace(t -> t.output("y", t.input("x", TensorSpec.of(DType.F32, 2)).add(1)));
    program.close();
    program.close();

    assertThatThrownBy(program::run)
        .isInstanceOf(IllegalStateException.class)
        .hasMessage("program: expected an open program, got a closed one");
  }

  @ParameterizedTest
  @ValueSource(doubles = {0, -1, 1.5, Double.NaN})
  void trace_withAShareOutOfRange_isRefused(double share) {
    assertThatThrownBy(() -> engine.trace(tracer -> tracer.residentShare(share)).close())
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("resident share above 0 and at most 1")
        .hasMessageContaining(Double.toString(share));
  }

  @Test
  void programs_withOneArena_runInTurns() {
    try (SharedArena arena = new SharedArena(engine);
        Program large = sum(arena, 100);
        Program small = sum(arena, 3)) {
      float[] hundred = new float[100];
      Arrays.fill(hundred, 2);
      float[] result = new float[1];
      for (int turn = 0; turn < 2; turn++) {
        large.write("x", floats(hundred));
        large.run();
        large.read("y", MemorySegment.ofArray(result));
        assertThat(result).containsExactly(200);

        small.write("x", floats(1, 2, 3));
        small.run();
        small.read("y", MemorySegment.ofArray(result));
        assertThat(result).containsExactly(6);
      }
      assertThat(arena.growths()).isEqualTo(1);
      assertThat(small.arenaBytes()).isLessThan(large.arenaBytes());

      sum(arena, 1000).close();
      assertThat(arena.growths()).isEqualTo(2);
    }
  }

  private Program sum(SharedArena arena, int length) {
    return engine.trace(
        t -> t.output("y", t.input("x", TensorSpec.of(DType.F32, length)).sum(0)), arena);
  }

  @Test
  void trace_withOneNameTwice_isRefused() {
    TensorSpec spec = TensorSpec.of(DType.F32, 2);
    assertThatThrownBy(
            () ->
                engine
                    .trace(
                        t -> {
                          t.input("x", spec);
                          t.input("x", spec);
                        })
                    .close())
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("trace: expected a new input name, got x");
    assertThatThrownBy(
            () ->
                engine
                    .trace(
                        t -> {
                          Expr x = t.input("x", spec);
                          t.output("y", x);
                          t.output("y", x);
                        })
                    .close())
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("trace: expected a new output name, got y");
  }

  @Test
  void trace_withAValueOfAnother_isRefused() {
    Expr[] kept = new Expr[1];
    TensorSpec spec = TensorSpec.of(DType.F32, 2);
    try (Program first =
        engine.trace(
            t -> {
              kept[0] = t.input("x", spec);
              t.output("y", kept[0].add(1));
            })) {
      assertThat(first.arenaBytes()).isPositive();
      assertThatThrownBy(() -> engine.trace(t -> t.output("y", kept[0])).close())
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage("trace: expected a tensor or a value of this trace, got one of another");
    }
  }
}
