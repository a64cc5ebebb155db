package dev.wick.streaming;

import dev.wick.engine.model.LanguageModel;
import dev.wick.engine.model.StepBatch;
import dev.wick.engine.model.StepOutput;
import dev.wick.streaming.sampling.SamplingScratch;
import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Computes a step for several generations and picks their tokens. One thread at a time. */
final class Step {
  private final LanguageModel model;
  private final StepOutput output = new StepOutput();
  private final SamplingScratch scratch;
  private final int maxTokens;
  private final IdentityHashMap<LanguageModel, DraftSteps> draftSteps = new IdentityHashMap<>();

  /**
   * Steps of a model.
   *
   * @param maxTokens most tokens in a step, of smaller models too
   */
  Step(LanguageModel model, int maxTokens) {
    this.model = model;
    this.maxTokens = maxTokens;
    this.scratch = new SamplingScratch(model.info().vocabSize());
  }

  /** Where samplers work while a step is computed. */
  SamplingScratch scratch() {
    return scratch;
  }

  /**
   * Computes a step. A failure ends the generations that cause it and no other: if the step of
   * several fails, each is tried alone.
   */
  void run(List<Generation> batch) {
    List<Generation> ready = batch;
    if (guess(batch)) {
      ready = batch.stream().filter(generation -> !generation.isBroken()).toList();
    }
    if (!ready.isEmpty()) {
      computeAndAccept(ready);
    }
  }

  /** Guesses tokens; returns whether that failed for some. */
  private boolean guess(List<Generation> batch) {
    int first = 0;
    while (first < batch.size() && batch.get(first).guessLimit() == 0) {
      first++;
    }
    if (first == batch.size()) {
      return false;
    }
    IdentityHashMap<LanguageModel, List<Generation>> byModel = new IdentityHashMap<>();
    for (Generation generation : batch.subList(first, batch.size())) {
      if (generation.guessLimit() == 0) {
        continue;
      }
      switch (generation.speculation()) {
        case Speculation.Off() -> {}
        case Speculation.PromptLookup(int _, int maxNgram) ->
            NgramLookup.propose(
                generation.decoding().history(),
                maxNgram,
                generation.guessLimit(),
                generation.draft());
        case Speculation.DraftModel(LanguageModel draft, int _) ->
            byModel.computeIfAbsent(draft, _ -> new ArrayList<>()).add(generation);
      }
    }
    boolean failed = false;
    for (Map.Entry<LanguageModel, List<Generation>> entry : byModel.entrySet()) {
      try {
        draftSteps
            .computeIfAbsent(entry.getKey(), draft -> new DraftSteps(draft, maxTokens))
            .propose(entry.getValue());
      } catch (RuntimeException | Error e) {
        entry.getValue().forEach(generation -> generation.breakOff(e)); // who must hear of it
        failed = true;
      }
    }
    return failed;
  }

  private void computeAndAccept(List<Generation> batch) {
    Throwable failure = compute(batch);
    if (failure == null) {
      accept(batch);
    } else if (batch.size() == 1 || failure instanceof Error) {
      batch.forEach(generation -> generation.breakOff(failure));
    } else {
      batch.forEach(Generation::rewind);
      batch.forEach(generation -> computeAndAccept(List.of(generation)));
    }
  }

  private @Nullable Throwable compute(List<Generation> batch) {
    try {
      model.step(batchOf(batch), output);
      return null;
    } catch (RuntimeException | Error e) {
      return e; // whatever it is, those who wait for this step must hear of it
    }
  }

  private static StepBatch batchOf(List<Generation> batch) {
    int rows = 0;
    for (Generation generation : batch) {
      rows += generation.rows();
    }
    int[] tokens = new int[rows];
    List<StepBatch.Sequence> sequences = new ArrayList<>(batch.size());
    int row = 0;
    for (Generation generation : batch) {
      StepBatch.Sequence sequence = generation.sequence();
      for (int i = 0; i < sequence.rows(); i++) {
        tokens[row++] = generation.token(i);
      }
      sequences.add(sequence);
    }
    return new StepBatch(tokens, sequences);
  }

  private void accept(List<Generation> batch) {
    int row = 0;
    for (Generation generation : batch) {
      row = generation.accept(output, row);
    }
  }
}
