package dev.wick.backend.cpu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.wick.backend.cpu.kernel.Activations;
import dev.wick.engine.Engine;
import dev.wick.engine.FallbackMode;
import dev.wick.engine.Tensor;
import dev.wick.engine.TensorScope;
import dev.wick.engine.model.Linear;
import dev.wick.engine.model.LoadOptions;
import dev.wick.engine.model.ModelSource;
import dev.wick.engine.model.Parameter;
import dev.wick.engine.model.WeightSource;
import dev.wick.engine.model.Weights;
import dev.wick.engine.spi.Probe;
import dev.wick.engine.tensor.DType;
import dev.wick.engine.tensor.HostTensor;
import dev.wick.engine.tensor.TensorSpec;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Matrices that are quantised as they are loaded, and what is computed with them. */
class QuantizedWeightsTest {
  private final Random random = new Random(3);
  private final Map<String, HostTensor> tensors = new HashMap<>();
  private Engine engine;
  private TensorScope scope;

  @BeforeEach
  void open() {
    CpuBackendProvider provider = new CpuBackendProvider();
    Probe.Available probe = (Probe.Available) provider.probe();
    engine = Engine.of(provider.open(probe.devices().getFirst()), FallbackMode.REQUIRE_FUSED);
    scope = engine.newScope();
  }

  @AfterEach
  void close() {
    scope.close();
    engine.close();
  }

  private HostTensor add(String name, int rows, int columns) {
    float[] elements = random(rows * columns);
    MemorySegment memory = Arena.ofAuto().allocate(4L * elements.length, 64);
    MemorySegment.copy(elements, 0, memory, ValueLayout.JAVA_FLOAT, 0, elements.length);
    HostTensor tensor = new HostTensor(TensorSpec.of(DType.F32, rows, columns), memory);
    tensors.put(name, tensor);
    return tensor;
  }

  private float[] random(int n) {
    float[] elements = new float[n];
    for (int i = 0; i < n; i++) {
      elements[i] = (float) random.nextGaussian();
    }
    return elements;
  }

  private Tensor narrow(int rows, int columns) {
    MemorySegment memory = Arena.ofAuto().allocate(2L * rows * columns, 64);
    for (int i = 0; i < rows * columns; i++) {
      short half = (short) (Float.floatToRawIntBits((float) random.nextGaussian()) >>> 16);
      memory.setAtIndex(ValueLayout.JAVA_SHORT, i, half);
    }
    return scope.tensor(memory, TensorSpec.of(DType.BF16, rows, columns));
  }

  private Weights weights(DType dtype) {
    LoadOptions options = LoadOptions.DEFAULT.withQuantize(dtype);
    return new Weights(new Source(), engine, scope, options);
  }

  /** The checkpoint of the tensors that were added. */
  private final class Source implements ModelSource, WeightSource {
    @Override
    public String location() {
      return "memory";
    }

    @Override
    public String modelType() {
      return "none";
    }

    @Override
    public Map<String, Object> config() {
      return Map.of();
    }

    @Override
    public WeightSource weights() {
      return this;
    }

    @Override
    public Set<String> names() {
      return tensors.keySet();
    }

    @Override
    public Optional<TensorSpec> find(String name) {
      return Optional.ofNullable(tensors.get(name)).map(HostTensor::spec);
    }

    @Override
    public MemorySegment data(String name) {
      return tensors.get(name).data();
    }

    @Override
    public void close() {}
  }

  @ParameterizedTest
  @EnumSource(names = {"Q8_0", "Q4_0", "Q4_1", "Q5_0", "Q5_1", "Q4_K", "Q5_K", "Q6_K"})
  void linear_quantized_isProductWithWhatTheBlocksSay(DType dtype) throws IOException {
    add("layer.weight", 70, 512);
    Linear layer = weights(dtype).linear("layer", 70, 512, false);
    Tensor weight = layer.weight().tensor();
    float[] blocks = wide(weight);
    for (int rows : new int[] {1, 5, 40}) {
      float[] x = random(rows * 512);

      float[] y = ((Tensor) scope.tensor(x, rows, 512).linear(weight)).toFloatArray();

      assertThat(weight.dtype()).isEqualTo(dtype);
      for (int i = 0; i < y.length; i++) {
        double expected = 0;
        for (int k = 0; k < 512; k++) {
          expected += x[i / 70 * 512 + k] * (double) blocks[i % 70 * 512 + k];
        }
        assertThat((double) y[i]).isBetween(expected - 2e-4, expected + 2e-4);
      }
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"Q8_0", "Q4_0", "Q4_1", "Q5_0", "Q5_1", "Q4_K", "Q5_K", "Q6_K"})
  void linear_int8Activations_roundsThemAndHasTheSameBitsInAnyCompany(DType dtype)
      throws IOException {
    System.setProperty(Activations.PROPERTY, "int8");
    try {
      try (Arena code = Arena.ofShared()) {
        boolean available = LoopChoice.fastest(code).loops().int8Tiles().containsKey(dtype);
        assumeTrue(available, "no machine code with AVX-512 VNNI");
      }
      close();
      open();
      add("layer.weight", 70, 512);
      Tensor weight = weights(dtype).linear("layer", 70, 512, false).weight().tensor();
      float[] blocks = wide(weight);
      float[] x = random(40 * 512);

      float[] y = ((Tensor) scope.tensor(x, 40, 512).linear(weight)).toFloatArray();

      double squares = 0;
      double errors = 0;
      for (int i = 0; i < y.length; i++) {
        double expected = 0;
        for (int k = 0; k < 512; k++) {
          expected += x[i / 70 * 512 + k] * (double) blocks[i % 70 * 512 + k];
        }
        squares += expected * expected;
        errors += (y[i] - expected) * (y[i] - expected);
      }
      assertThat(Math.sqrt(errors / squares)).isLessThan(0.01);
      for (int rows : new int[] {1, 3, 8, 17}) {
        float[] few = Arrays.copyOf(x, rows * 512);
        assertThat(((Tensor) scope.tensor(few, rows, 512).linear(weight)).toFloatArray())
            .isEqualTo(Arrays.copyOf(y, rows * 70));
      }
    } finally {
      System.clearProperty(Activations.PROPERTY);
    }
  }

  @Test
  void linear_bf16Activations_roundsThemAndHasTheSameBitsInAFewRows() throws IOException {
    try (Arena code = Arena.ofShared()) {
      boolean available = LoopChoice.fastest(code).loops().pairs().isPresent();
      assumeTrue(available, "no machine code with AVX-512 BF16");
    }
    for (String mode : List.of("bf16", "int8")) {
      System.setProperty(Activations.PROPERTY, mode);
      try {
        for (int columns : new int[] {512, 896, 70}) {
          Tensor weight = narrow(71, columns);
          float[] wide = wide(weight);
          float[] x = random(40 * columns);

          float[] y = product(x, 40, columns, weight);

          double squares = 0;
          double errors = 0;
          for (int i = 0; i < y.length; i++) {
            double expected = 0;
            for (int k = 0; k < columns; k++) {
              expected += x[i / 71 * columns + k] * (double) wide[i % 71 * columns + k];
            }
            squares += expected * expected;
            errors += (y[i] - expected) * (y[i] - expected);
          }
          boolean rounds = columns % 32 == 0;
          assertThat(Math.sqrt(errors / squares))
              .isBetween(rounds ? 5e-4 : 0, rounds ? 4e-3 : 1e-6);
          float[] sixteen = product(x, 16, columns, weight);
          assertThat(sixteen).containsExactly(Arrays.copyOf(y, sixteen.length), within(1e-4f));
          for (int rows : new int[] {1, 2, 3, 7, 8, 9, 15}) {
            assertThat(product(x, rows, columns, weight))
                .as("%d rows of %d", rows, columns)
                .isEqualTo(Arrays.copyOf(sixteen, rows * 71));
          }
        }
      } finally {
        System.clearProperty(Activations.PROPERTY);
      }
    }
  }

  private float[] product(float[] x, int rows, int columns, Tensor weight) {
    Tensor first = scope.tensor(Arrays.copyOf(x, rows * columns), rows, columns);
    return ((Tensor) first.linear(weight)).toFloatArray();
  }

  private static float[] wide(Tensor weight) {
    MemorySegment bytes = MemorySegment.ofArray(new byte[(int) weight.spec().byteSize()]);
    weight.read(bytes);
    return new HostTensor(weight.spec(), bytes).toFloatArray();
  }

  @Test
  void matrix_fourBits_keepsTablesAndTheLastLayerInEight() throws IOException {
    add("model.embed_tokens.weight", 40, 64);
    add("lm_head.weight", 40, 64);
    add("gate.weight", 40, 64);
    Weights weights = weights(DType.Q4_0);

    Parameter table = weights.matrix("model.embed_tokens.weight", 40, 64);
    Linear head = weights.linear("lm_head", 40, 64, false);
    Linear router = weights.router("gate", 40, 64);

    assertThat(table.tensor().dtype()).isEqualTo(DType.Q8_0);
    assertThat(head.weight().tensor().dtype()).isEqualTo(DType.Q8_0);
    assertThat(router.weight().tensor().dtype()).isEqualTo(DType.F32);
    Tensor rows = (Tensor) table.tensor().gather(scope.tensor(new int[] {7, 39}, 2));
    assertThat(((Tensor) rows.cast(DType.F32)).toFloatArray())
        .startsWith(wide(table.tensor())[7 * 64])
        .hasSize(128);
  }

  @Test
  void linear_widthNoMultiple_isKeptInAWiderType() throws IOException {
    add("a.weight", 40, 96);
    add("b.weight", 40, 100);
    Weights weights = weights(DType.Q4_K);

    assertThat(weights.linear("a", 40, 96, false).weight().tensor().dtype()).isEqualTo(DType.Q5_0);
    assertThat(weights.linear("b", 40, 100, false).weight().tensor().dtype()).isEqualTo(DType.F32);
  }

  @Test
  void linear_notFinite_isRefusedByName() {
    HostTensor tensor = add("a.weight", 32, 32);
    tensor.data().set(ValueLayout.JAVA_FLOAT, 12, Float.NaN);
    Weights weights = weights(DType.Q4_0);

    assertThatThrownBy(() -> weights.linear("a", 32, 32, false))
        .isInstanceOf(IOException.class)
        .hasMessage("memory: a.weight: quantize: expected finite numbers, got NaN");
  }
}
