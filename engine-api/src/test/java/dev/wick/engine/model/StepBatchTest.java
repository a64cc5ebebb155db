package dev.wick.engine.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;

class StepBatchTest {
  private final KvPool pool = new KvPool(8, 4);

  private StepBatch.Sequence sequence(int rows, StepBatch.Logits logits) {
    return new StepBatch.Sequence(rows, pool.lease(), logits, List.of());
  }

  @Test
  void logitRows_ofAMixedBatch_addsWhatEachAsksFor() {
    StepBatch batch =
        new StepBatch(
            new int[] {1, 2, 3, 4, 5, 6},
            List.of(
                sequence(3, StepBatch.Logits.ALL),
                sequence(2, StepBatch.Logits.NONE),
                sequence(1, StepBatch.Logits.LAST)));

    assertThat(batch.rows()).isEqualTo(6);
    assertThat(batch.token(4)).isEqualTo(5);
    assertThat(batch.logitRows()).isEqualTo(4);
    assertThat(StepShape.of(batch, AdapterShape.NONE))
        .isEqualTo(new StepShape(6, 3, 4, 16, AdapterShape.NONE));
  }

  @Test
  void batch_ofRowsThatDoNotAddUp_isRefused() {
    assertThatThrownBy(() -> new StepBatch(new int[2], List.of(sequence(3, StepBatch.Logits.LAST))))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage(
            "step: expected at least one token and as many as rows, got 2 tokens and 3 rows");
    assertThatThrownBy(() -> new StepBatch(new int[0], List.of()))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> sequence(0, StepBatch.Logits.LAST))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("step: expected at least one row, got 0");
  }

  @Test
  void batch_withOneLeaseTwice_isRefused() {
    StepBatch.Sequence sequence = sequence(1, StepBatch.Logits.LAST);

    assertThatThrownBy(() -> new StepBatch(new int[2], List.of(sequence, sequence)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("step: expected one lease per sequence, got one twice");
  }

  @Test
  void batch_keepsItsOwnTokens() {
    int[] tokens = {7};
    StepBatch batch = StepBatch.of(pool.lease(), StepBatch.Logits.LAST, tokens);

    tokens[0] = 9;

    assertThat(batch.token(0)).isEqualTo(7);
  }

  @Test
  void shape_ofAGrowingSequence_changesRarely() {
    KvPool large = new KvPool(100, 1);
    KvLease lease = large.lease();
    int shapes = 0;
    StepShape last = new StepShape(0, 0, 0, 0, AdapterShape.NONE);
    for (int length = 0; length < 100; length++) {
      lease.reserve(1);
      StepShape shape =
          StepShape.of(StepBatch.of(lease, StepBatch.Logits.LAST, 1), AdapterShape.NONE);
      lease.advance(1);
      assertThat(shape.tableWidth()).isGreaterThanOrEqualTo(lease.blocks());
      shapes += shape.equals(last) ? 0 : 1;
      last = shape;
    }

    assertThat(shapes).isEqualTo(4); // tables of 16, 32, 64 and 128 blocks
  }
}
