package dev.wick.lora.merge;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.wick.engine.model.LowRank;
import dev.wick.engine.tensor.HostTensor;
import dev.wick.lora.merge.AdapterCombination.Weighted;
import dev.wick.lora.peft.PeftAdapter;
import dev.wick.lora.peft.PeftConfig;
import dev.wick.lora.peft.TestAdapters;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class AdapterCombinationTest {
  private static final String Q = "model.layers.1.self_attn.q_proj";

  private final PeftAdapter a = TestAdapters.qv("a", 1);
  private final PeftAdapter b = TestAdapters.qv("b", 2);

  @Test
  void combine_cat_isTheExactSum() {
    PeftAdapter sum = combine(CombinationMethod.CAT, 0, 0.75f, -0.5f);

    assertThat(sum.deltas().get(Q).rank()).isEqualTo(4);
    assertMatrix(product(sum.deltas().get(Q)), exact(0.75f, -0.5f), 1e-5f);
  }

  @Test
  void combine_svdOfFullRank_isTheExactSum() {
    PeftAdapter sum = combine(CombinationMethod.SVD, 4, 0.75f, -0.5f);

    assertMatrix(product(sum.deltas().get(Q)), exact(0.75f, -0.5f), 1e-5f);
  }

  @Test
  void combine_svdBeyondFullRank_isPaddedWithZeros() {
    PeftAdapter sum = combine(CombinationMethod.SVD, 9, 1, 1);

    assertThat(sum.deltas().get(Q).rank()).isEqualTo(9);
    assertMatrix(product(sum.deltas().get(Q)), exact(1, 1), 1e-5f);
  }

  @Test
  void combine_svdOfLowRank_isNoWorseThanOtherProductsOfThatRank() {
    LowRank best = combine(CombinationMethod.SVD, 2, 1, 1).deltas().get(Q);
    LowRank exact = combine(CombinationMethod.CAT, 0, 1, 1).deltas().get(Q);
    double error = LowRankProduct.distance(best, exact);

    assertThat(error).isLessThan(LowRankProduct.distance(a.deltas().get(Q), exact));
    assertThat(error).isLessThan(LowRankProduct.distance(b.deltas().get(Q), exact));
    // The error is orthogonal to the best approximation.
    double squares = Math.pow(LowRankProduct.norm(best), 2) + error * error;
    assertThat(squares).isCloseTo(Math.pow(LowRankProduct.norm(exact), 2), within(1e-4 * squares));
  }

  @Test
  void combine_linearOfOne_isTheAdapterTimesItsWeight() {
    for (float weight : new float[] {1, 0.25f, -2}) {
      PeftAdapter scaled =
          AdapterCombination.combine(
              "x",
              List.of(new Weighted(a, weight)),
              CombinationMethod.LINEAR,
              CombinationOptions.DEFAULT);
      float[] expected = product(a.deltas().get(Q));
      for (int i = 0; i < expected.length; i++) {
        expected[i] *= weight;
      }
      assertMatrix(product(scaled.deltas().get(Q)), expected, 1e-5f);
    }
  }

  /** Scale 2 gives factors the root of 2; the numbers are small enough to follow by hand. */
  @Test
  void mix_ties_electsSignsAndAveragesThoseWhoAgree() {
    TaskArithmetic ties =
        new TaskArithmetic(CombinationMethod.TIES, CombinationOptions.DEFAULT.withDensity(0.75));

    float[] mixed =
        ties.mix(
            List.of(new float[] {4, -1, 3, 0.5f}, new float[] {-2, -3, 1, 0.1f}),
            new float[] {1, 2});

    // Trimmed to [4, -1, 3, 0] and [-2, -3, 1, 0]; signs of the sums +, -, +, +.
    assertThat(mixed).containsExactly(4, (-1 + -3 * 2) / 2f, (3 + 1 * 2) / 2f, 0);
  }

  @Test
  void mix_dareOfDensityOne_isLinear() {
    List<float[]> tasks = List.of(new float[] {1, 2}, new float[] {3, -4});
    float[] weights = {0.5f, 2};

    assertThat(arithmetic(CombinationMethod.DARE_LINEAR, 1).mix(tasks, weights))
        .isEqualTo(arithmetic(CombinationMethod.LINEAR, 1).mix(tasks, weights));
  }

  @Test
  void mix_dare_keepsTheMeanAndTheSeed() {
    float[] ones = new float[20_000];
    Arrays.fill(ones, 1);

    float[] dropped =
        arithmetic(CombinationMethod.DARE_LINEAR, 0.3).mix(List.of(ones), new float[] {1});
    float[] again =
        arithmetic(CombinationMethod.DARE_LINEAR, 0.3).mix(List.of(ones), new float[] {1});

    double mean = 0;
    for (float value : dropped) {
      assertThat(value).isIn(0f, (float) (1 / 0.3));
      mean += value / ones.length;
    }
    assertThat(mean).isCloseTo(1, within(0.05));
    assertThat(again).isEqualTo(dropped);
  }

  @ParameterizedTest
  @EnumSource(CombinationMethod.class)
  void combine_anyMethod_givesAnAdapterThatIsReadBack(
      CombinationMethod method, @TempDir Path folder) throws IOException {
    PeftAdapter combined = combine(method, 3, 1, 0.5f);

    combined.save(folder);

    try (PeftAdapter read = PeftAdapter.open("x", folder)) {
      assertThat(read.deltas().keySet()).isEqualTo(combined.deltas().keySet());
      assertThat(product(read.deltas().get(Q))).isEqualTo(product(combined.deltas().get(Q)));
    }
  }

  @Test
  void combine_differentRanks_catsAndSaysSoOtherwise() {
    PeftAdapter other =
        TestAdapters.of(
            "c",
            PeftConfig.builder(3, 3)
                .targetModules("q_proj", "v_proj")
                .rankPattern(Map.of("v_proj", 1))
                .build(),
            3);
    List<Weighted> sources = List.of(new Weighted(a, 1), new Weighted(other, 1));

    PeftAdapter sum =
        AdapterCombination.combine("x", sources, CombinationMethod.CAT, CombinationOptions.DEFAULT);

    assertThat(sum.deltas().get(Q).rank()).isEqualTo(5);
    assertThat(sum.deltas().get(Q.replace("q_proj", "v_proj")).rank()).isEqualTo(3);
    assertThatThrownBy(
            () ->
                AdapterCombination.combine(
                    "x", sources, CombinationMethod.LINEAR, CombinationOptions.DEFAULT))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("expected equal ranks for LINEAR, got 2 and 3");
  }

  private PeftAdapter combine(CombinationMethod method, int rank, float x, float y) {
    return AdapterCombination.combine(
        "x",
        List.of(new Weighted(a, x), new Weighted(b, y)),
        method,
        CombinationOptions.DEFAULT.withSvdRank(rank));
  }

  private static TaskArithmetic arithmetic(CombinationMethod method, double density) {
    return new TaskArithmetic(method, CombinationOptions.DEFAULT.withDensity(density));
  }

  private float[] exact(float x, float y) {
    float[] left = product(a.deltas().get(Q));
    float[] right = product(b.deltas().get(Q));
    float[] sum = new float[left.length];
    for (int i = 0; i < sum.length; i++) {
      sum[i] = x * left[i] + y * right[i];
    }
    return sum;
  }

  /** scale · B · A by the definition. */
  private static float[] product(LowRank delta) {
    long out = delta.out();
    long in = delta.in();
    HostTensor zeros = HostTensor.of(new float[Math.toIntExact(out * in)], out, in);
    return MatrixMerge.ofLinear(zeros).add(delta, 1).toFloatArray();
  }

  private static void assertMatrix(float[] actual, float[] expected, float tolerance) {
    assertThat(actual).hasSameSizeAs(expected);
    for (int i = 0; i < actual.length; i++) {
      assertThat(actual[i]).isCloseTo(expected[i], within(tolerance));
    }
  }
}
