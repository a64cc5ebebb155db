package dev.wick.lora.training.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.wick.lora.training.data.TrainingRecord.Completion;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class TrainingDataTest {
  /** A token per character; completions are learned. */
  private static final RecordEncoder CHARACTERS =
      record -> {
        if (!(record.content() instanceof Completion(String prompt, String completion))) {
          throw new IllegalArgumentException("no completion");
        }
        boolean[] learned = new boolean[prompt.length() + completion.length()];
        Arrays.fill(learned, prompt.length(), learned.length, true);
        return Example.of((prompt + completion).chars().toArray(), learned);
      };

  private static TrainingRecord record(String prompt, String completion) {
    return new TrainingRecord(new Completion(prompt, completion), "d.jsonl:1");
  }

  private static TrainingData ofLengths(int... lengths) {
    List<Example> examples = new ArrayList<>();
    for (int length : lengths) {
      examples.add(Example.of(IntStream.range(0, length).toArray()));
    }
    return TrainingData.of(examples);
  }

  private static List<List<Integer>> lengths(List<MicroBatch> batches) {
    return batches.stream()
        .map(batch -> batch.examples().stream().map(Example::length).toList())
        .toList();
  }

  @Test
  void encode_longAndUnlearnableRecords_areCutAndLeftOut() throws DatasetException {
    TrainingData data =
        TrainingData.encode(
            List.of(record("ab", "cdef"), record("abcdef", "g"), record("a", "b")), CHARACTERS, 4);

    assertThat(data.examples()).extracting(Example::length).containsExactly(4, 2);
    assertThat(data.examples().getFirst().label(1)).isEqualTo(-100);
    assertThat(data.examples().getFirst().label(2)).isEqualTo('c');
    assertThat(data.truncated()).isEqualTo(2);
    assertThat(data.leftOut()).isEqualTo(1);
  }

  @Test
  void encode_nothingToLearn_isRefused() {
    assertThatThrownBy(() -> TrainingData.encode(List.of(record("abcdef", "g")), CHARACTERS, 4))
        .isInstanceOf(DatasetException.class)
        .hasMessageStartingWith("d.jsonl:1: expected tokens to learn, got none in any of 1 records")
        .hasMessageContaining("cut to 4 tokens");
  }

  @Test
  void encode_refusedRecord_namesItsOrigin() {
    TrainingRecord text = new TrainingRecord(new TrainingRecord.PlainText("a"), "d.jsonl:9");

    assertThatThrownBy(() -> TrainingData.encode(List.of(text), CHARACTERS, 4))
        .isInstanceOf(DatasetException.class)
        .hasMessage("d.jsonl:9: no completion");
  }

  @Test
  void batches_inOrder_endWithASmallerOne() {
    assertThat(lengths(ofLengths(2, 3, 4, 5, 6).batches(2, 0)))
        .containsExactly(List.of(2, 3), List.of(4, 5), List.of(6));
  }

  @Test
  void batches_packed_fillRows() {
    assertThat(lengths(ofLengths(6, 3, 5, 4, 2, 12).batches(1, 10)))
        .containsExactly(List.of(6, 3), List.of(5, 4), List.of(2), List.of(12));
  }

  @Test
  void shuffledBatches_ofOneSeed_areTheSame() {
    TrainingData data = ofLengths(IntStream.range(2, 40).toArray());

    List<MicroBatch> first = data.shuffledBatches(4, 0, new SplittableRandom(3));
    List<MicroBatch> second = data.shuffledBatches(4, 0, new SplittableRandom(3));
    List<MicroBatch> other = data.shuffledBatches(4, 0, new SplittableRandom(4));

    assertThat(lengths(first)).isEqualTo(lengths(second)).isNotEqualTo(lengths(other));
    assertThat(lengths(first).stream().flatMap(List::stream).sorted().toList())
        .isEqualTo(IntStream.range(2, 40).boxed().toList());
  }

  @Test
  void split_share_leavesEachExampleInOnePart() {
    TrainingData.Split split = ofLengths(IntStream.range(2, 22).toArray()).split(0.25, 1);

    assertThat(split.validation().examples()).hasSize(5);
    assertThat(split.training().examples())
        .hasSize(15)
        .doesNotContainAnyElementsOf(split.validation().examples());
  }

  @Test
  void split_oneExample_isRefused() {
    assertThatThrownBy(() -> ofLengths(5).split(0.1, 0))
        .hasMessageContaining("expected at least two examples to split, got one");
  }

  @Test
  void example_firstToken_isNeverLearned() {
    assertThat(Example.of(new int[] {4, 5}).learned()).isEqualTo(1);
  }

  @Test
  void example_badLabel_isRefused() {
    assertThatThrownBy(() -> Example.ofLabels(new int[] {1, 2}, new int[] {-100, -1}))
        .hasMessage("example: expected labels of at least 0 or -100, got -1");
  }
}
