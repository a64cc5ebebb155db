package dev.wick.lora.learning;

import dev.wick.lora.training.ToyModel;
import dev.wick.lora.training.data.Example;
import dev.wick.lora.training.data.RecordEncoder;
import dev.wick.lora.training.data.TrainingRecord;
import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.stream.Collectors;

/** Events whose text is the numbers of tokens, each the last plus a constant. */
final class ToyEvents {
  /** What {@link #ENCODER} does not understand. */
  static final String GIBBERISH = "gibberish";

  static final RecordEncoder ENCODER =
      record -> {
        String text = ((TrainingRecord.PlainText) record.content()).text();
        if (text.equals(GIBBERISH)) {
          throw new IllegalArgumentException("expected numbers");
        }
        if (text.isEmpty()) {
          return Example.of(new int[] {1});
        }
        return Example.of(Arrays.stream(text.split(" ")).mapToInt(Integer::parseInt).toArray());
      };

  private ToyEvents() {}

  /** An event whose tokens go up by {@code step}. */
  static LearningEvent counting(String adapter, int step, SplittableRandom random) {
    int[] ids = new int[8];
    ids[0] = random.nextInt(ToyModel.VOCABULARY);
    for (int i = 1; i < ids.length; i++) {
      ids[i] = (ids[i - 1] + step) % ToyModel.VOCABULARY;
    }
    return text(
        adapter, Arrays.stream(ids).mapToObj(Integer::toString).collect(Collectors.joining(" ")));
  }

  static LearningEvent text(String adapter, String text) {
    return new LearningEvent(adapter, new TrainingRecord.PlainText(text), 1, false);
  }
}
