package dev.wick.engine.tck;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.wick.engine.Engine;
import dev.wick.engine.FallbackMode;
import dev.wick.engine.model.KvExhaustedException;
import dev.wick.engine.model.KvLease;
import dev.wick.engine.model.KvPool;
import dev.wick.engine.model.StepBatch;
import dev.wick.engine.model.StepOutput;
import dev.wick.engine.spi.BackendProvider;
import dev.wick.engine.spi.Device;
import dev.wick.engine.spi.Probe;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Steps of a small model on an asynchronous device: however a text is cut up, it is the same. */
class StepRunnerTest {
  final Engine engine = open();
  final StepOutput output = new StepOutput();

  /** The model, with a cache in F32. */
  ToyModel model(int kvTokens, int window) {
    return new ToyModel(engine, kvTokens, window);
  }

  private static Engine open() {
    BackendProvider provider = DelegatingDevice.provider(AsynchronousDevice::new);
    Device device = provider.open(((Probe.Available) provider.probe()).devices().getFirst());
    return Engine.of(device, FallbackMode.ALLOW);
  }

  /** Fails if steps have left buffers open. */
  @AfterEach
  void closeEngine() {
    engine.close();
  }

  static int[] text(long seed, int length) {
    return new SplittableRandom(seed).ints(length, 0, ToyModel.VOCABULARY).toArray();
  }

  /** Logits of every position, computed in one step of a fresh sequence. */
  final List<float[]> whole(ToyModel model, int[] text) {
    try (KvLease lease = model.cache.pool().lease()) {
      model.runner.step(StepBatch.of(lease, StepBatch.Logits.ALL, text), output);
      List<float[]> rows = new ArrayList<>();
      for (int row = 0; row < output.rows(); row++) {
        rows.add(output.logits(row).clone());
      }
      return rows;
    }
  }

  private static void assertClose(float[] actual, float[] expected, String what) {
    for (int i = 0; i < expected.length; i++) {
      assertThat(actual[i]).as("%s, logit %d", what, i).isCloseTo(expected[i], within(2e-5f));
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 5, 40})
  void step_tokenByToken_givesTheLogitsOfThePromptAtOnce(int window) {
    try (ToyModel model = model(200, window)) {
      int[] text = text(1, 70);
      List<float[]> expected = whole(model, text);

      try (KvLease lease = model.cache.pool().lease()) {
        for (int i = 0; i < text.length; i++) {
          model.runner.step(StepBatch.of(lease, StepBatch.Logits.LAST, text[i]), output);

          assertThat(output.rows()).isEqualTo(1);
          assertClose(output.logits(0), expected.get(i), "token " + i);
        }
        assertThat(lease.length()).isEqualTo(70);
      }
    }
  }

  @Test
  void step_promptInParts_givesTheLogitsOfThePromptAtOnce() {
    try (ToyModel model = model(200, 0);
        KvLease lease = model.cache.pool().lease()) {
      int[] text = text(2, 100);
      float[] expected = whole(model, text).getLast();

      int[] cuts = {0, 31, 33, 64, 65, 97, 100};
      for (int i = 1; i < cuts.length; i++) {
        boolean last = i == cuts.length - 1;
        model.runner.step(
            StepBatch.of(
                lease,
                last ? StepBatch.Logits.LAST : StepBatch.Logits.NONE,
                Arrays.copyOfRange(text, cuts[i - 1], cuts[i])),
            output);
        assertThat(output.rows()).isEqualTo(last ? 1 : 0);
      }

      assertClose(output.logits(0), expected, "last token");
    }
  }

  @Test
  void step_raggedBatch_givesWhatEachSequenceGivesAlone() {
    try (ToyModel model = model(400, 0)) {
      int[] lengths = {45, 1, 33, 8};
      int[] pasts = {0, 40, 0, 63};
      List<int[]> texts = new ArrayList<>();
      List<KvLease> leases = new ArrayList<>();
      List<StepBatch.Sequence> sequences = new ArrayList<>();
      List<Integer> tokens = new ArrayList<>();
      StepBatch.Logits[] wanted = {
        StepBatch.Logits.LAST, StepBatch.Logits.LAST, StepBatch.Logits.NONE, StepBatch.Logits.ALL
      };
      for (int s = 0; s < lengths.length; s++) {
        int[] text = text(10 + s, pasts[s] + lengths[s]);
        texts.add(text);
        KvLease lease = model.cache.pool().lease();
        leases.add(lease);
        if (pasts[s] > 0) {
          int[] past = Arrays.copyOf(text, pasts[s]);
          model.runner.step(StepBatch.of(lease, StepBatch.Logits.NONE, past), output);
        }
        sequences.add(new StepBatch.Sequence(lengths[s], lease, wanted[s], List.of()));
        for (int i = pasts[s]; i < text.length; i++) {
          tokens.add(text[i]);
        }
      }

      model.runner.step(
          new StepBatch(tokens.stream().mapToInt(Integer::intValue).toArray(), sequences), output);

      assertThat(output.rows()).isEqualTo(1 + 1 + 8);
      List<float[]> rows = new ArrayList<>();
      for (int row = 0; row < output.rows(); row++) {
        rows.add(output.logits(row).clone());
      }
      assertClose(rows.get(0), whole(model, texts.get(0)).getLast(), "first sequence");
      assertClose(rows.get(1), whole(model, texts.get(1)).getLast(), "second sequence");
      List<float[]> last = whole(model, texts.get(3));
      for (int i = 0; i < 8; i++) {
        assertClose(rows.get(2 + i), last.get(63 + i), "fourth sequence, token " + i);
      }
      leases.forEach(KvLease::close);
      assertThat(model.cache.pool().freeBlocks()).isEqualTo(model.cache.pool().blocks());
    }
  }

  @Test
  void step_summaries_areThoseOfTheLogits() {
    try (ToyModel model = model(100, 0);
        KvLease lease = model.cache.pool().lease()) {
      model.runner.step(StepBatch.of(lease, StepBatch.Logits.ALL, text(3, 9)), output);

      for (int row = 0; row < 9; row++) {
        float[] logits = output.logits(row);
        double sum = 0;
        int best = 0;
        for (int i = 0; i < logits.length; i++) {
          sum += Math.exp(logits[i]);
          best = logits[i] > logits[best] ? i : best;
        }
        assertThat(output.argMax(row)).isEqualTo(best);
        assertThat(output.logSumExp(row)).isCloseTo((float) Math.log(sum), within(1e-5f));
      }
    }
  }

  @Test
  void step_onASharedPrefix_continuesItWithoutTouchingIt() {
    try (ToyModel model = model(400, 0);
        KvLease first = model.cache.pool().lease()) {
      int[] text = text(4, 80);
      model.runner.step(StepBatch.of(first, StepBatch.Logits.NONE, text), output);
      try (KvLease second = first.sharePrefix(80)) {
        assertThat(second.length()).isEqualTo(64);
        int[] other = text(5, 90);
        System.arraycopy(text, 0, other, 0, 64);
        int[] rest = Arrays.copyOfRange(other, 64, 90);
        model.runner.step(StepBatch.of(second, StepBatch.Logits.LAST, rest), output);

        assertClose(output.logits(0).clone(), whole(model, other).getLast(), "the second text");
      }
      int[] longer = Arrays.copyOf(text, 81);
      model.runner.step(StepBatch.of(first, StepBatch.Logits.LAST, longer[80]), output);
      assertClose(output.logits(0).clone(), whole(model, longer).getLast(), "the first text");
    }
  }

  @Test
  void step_onRememberedBlocks_continuesThem() {
    try (ToyModel model = model(400, 0)) {
      int[] text = text(4, 80);
      try (KvLease first = model.cache.pool().lease()) {
        model.runner.step(StepBatch.of(first, StepBatch.Logits.NONE, text), output);
        first.remember(List.of(), p -> text[p]);
      }
      try (KvLease second = model.cache.pool().lease()) {
        int[] other = text(5, 90);
        System.arraycopy(text, 0, other, 0, 64);

        assertThat(second.resume(List.of(), p -> other[p], 89)).isEqualTo(64);
        int[] rest = Arrays.copyOfRange(other, 64, 90);
        model.runner.step(StepBatch.of(second, StepBatch.Logits.LAST, rest), output);
        assertClose(output.logits(0).clone(), whole(model, other).getLast(), "the second text");
      }
    }
  }

  @Test
  void step_afterTruncation_forgetsTheRest() {
    try (ToyModel model = model(300, 0);
        KvLease lease = model.cache.pool().lease()) {
      int[] text = text(6, 50);
      model.runner.step(StepBatch.of(lease, StepBatch.Logits.NONE, text), output);
      lease.truncate(20);
      int[] other = text(7, 40);
      System.arraycopy(text, 0, other, 0, 20);
      int[] rest = Arrays.copyOfRange(other, 20, 40);

      model.runner.step(StepBatch.of(lease, StepBatch.Logits.LAST, rest), output);

      assertClose(output.logits(0).clone(), whole(model, other).getLast(), "the new text");
    }
  }

  @Test
  void step_inManyShapes_keepsFewProgramsAndLeaksNone() {
    try (ToyModel model = model(200, 0)) {
      for (int round = 0; round < 2; round++) {
        for (int rows = 1; rows <= 20; rows++) {
          int[] text = text(8, rows);
          assertThat(whole(model, text)).hasSize(rows);
        }
      }
      int[] text = text(8, 7);
      assertClose(whole(model, text).get(2), whole(model, Arrays.copyOf(text, 3)).get(2), "again");
    }
  }

  @Test
  void step_withoutRoom_changesNoLease() {
    try (ToyModel model = model(64, 0);
        KvLease first = model.cache.pool().lease();
        KvLease second = model.cache.pool().lease()) {
      model.runner.step(StepBatch.of(first, StepBatch.Logits.NONE, text(9, 20)), output);
      int[] tokens = text(9, 13 + 40);
      StepBatch batch =
          new StepBatch(
              tokens,
              List.of(
                  new StepBatch.Sequence(13, first, StepBatch.Logits.LAST, List.of()),
                  new StepBatch.Sequence(40, second, StepBatch.Logits.LAST, List.of())));

      assertThatThrownBy(() -> model.runner.step(batch, output))
          .isInstanceOf(KvExhaustedException.class)
          .hasMessageContaining("free blocks of 32 tokens");

      assertThat(first.length()).isEqualTo(20);
      assertThat(first.blocks()).isEqualTo(1);
      assertThat(second.length()).isZero();
      assertThat(model.cache.pool().freeBlocks()).isEqualTo(1);
    }
  }

  @Test
  void step_withABadBatch_saysWhatIsWrong() {
    try (ToyModel model = model(320, 0);
        KvLease lease = model.cache.pool().lease();
        KvLease foreign = new KvPool(4, 32).lease()) {
      assertThatThrownBy(
              () -> model.runner.step(StepBatch.of(lease, StepBatch.Logits.LAST, 3, 23), output))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage("step: expected token ids in 0..22, got 23");
      assertThatThrownBy(
              () ->
                  model.runner.step(
                      StepBatch.of(lease, StepBatch.Logits.LAST, text(1, 151)), output))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage("step: expected at most 150 tokens in a sequence, got 151");
      assertThatThrownBy(
              () -> model.runner.step(StepBatch.of(foreign, StepBatch.Logits.LAST, 1), output))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage("step: expected a lease of this model's pool, got one of another model");
      assertThat(lease.length()).isZero();
      assertThat(lease.blocks()).isZero();
    }
  }

  @Test
  void hiddenStates_ofAPrompt_areShownByName() {
    try (ToyModel model = model(100, 0);
        KvLease lease = model.cache.pool().lease()) {
      Map<String, float[]> states =
          model.runner.hiddenStates(StepBatch.of(lease, StepBatch.Logits.LAST, text(1, 5)));

      assertThat(states).containsOnlyKeys("embed", "layer.0", "layer.1");
      assertThat(states.get("embed")).hasSize(5 * 16);
      assertThat(lease.length()).isEqualTo(5);
    }
  }
}
