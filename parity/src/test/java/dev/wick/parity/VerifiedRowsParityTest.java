package dev.wick.parity;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.offset;

import dev.wick.engine.model.KvLease;
import dev.wick.engine.model.LanguageModel;
import dev.wick.engine.model.StepBatch;
import dev.wick.engine.model.StepBatch.Logits;
import dev.wick.engine.model.StepOutput;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/**
 * On the cpu device, tokens that share a step of up to 16 rows have the bits of single steps, and
 * so have those that follow a prefix from the cache: what speculation and reuse rely on. With odd
 * widths, and with experts, they are equal but for rounding.
 */
class VerifiedRowsParityTest {
  private static final int PAST = 40;

  private final LoadedModels loaded = new LoadedModels();
  private final StepOutput output = new StepOutput();

  @TestFactory
  List<DynamicTest> rows() {
    CaseCount cases = new CaseCount("rows");
    List<GoldenModel> models = GoldenModel.all();
    for (GoldenModel golden : models) {
      cases.add(
          "cpu",
          golden,
          golden.name() + " rows of one step",
          () -> check(loaded.get("cpu", golden)));
    }
    return cases.tests(models.size());
  }

  @AfterEach
  void close() {
    loaded.close();
  }

  private void check(LanguageModel model) throws IOException {
    int vocabSize = model.info().vocabSize();
    boolean exact =
        model.info().hiddenSize() % 32 == 0 && !model.info().modelType().endsWith("moe");
    int[] text = IntStream.range(0, PAST + 16).map(i -> (int) (i * 7919L % vocabSize)).toArray();
    List<float[]> single = new ArrayList<>();
    try (KvLease lease = model.kvPool().lease()) {
      for (int from = 0; from < PAST; from += 8) {
        int[] part = Arrays.copyOfRange(text, from, from + 8);
        model.step(StepBatch.of(lease, Logits.NONE, part), output);
      }
      lease.remember(List.of(), p -> text[p]);
      for (int i = PAST; i < text.length; i++) {
        model.step(StepBatch.of(lease, Logits.LAST, text[i]), output);
        single.add(output.logits(0).clone());
      }
    }
    for (int rows : new int[] {2, 3, 5, 8, 16}) {
      try (KvLease lease = model.kvPool().lease()) {
        int cached = lease.resume(List.of(), p -> text[p], PAST);
        assertThat(cached).isEqualTo(32);
        model.step(
            StepBatch.of(lease, Logits.NONE, Arrays.copyOfRange(text, cached, PAST)), output);
        for (int from = PAST; from + rows <= text.length; from += rows) {
          model.step(
              StepBatch.of(lease, Logits.ALL, Arrays.copyOfRange(text, from, from + rows)), output);
          for (int row = 0; row < rows; row++) {
            float[] expected = single.get(from - PAST + row);
            String what = "%d rows, token %d".formatted(rows, from + row);
            if (exact) {
              assertThat(output.logits(row)).as(what).isEqualTo(expected);
            } else {
              assertThat(output.logits(row)).as(what).containsExactly(expected, offset(1e-5f));
            }
          }
        }
      }
    }
  }
}
