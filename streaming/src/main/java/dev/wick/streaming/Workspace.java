package dev.wick.streaming;

import dev.wick.engine.model.StepOutput;
import dev.wick.streaming.sampling.SamplingScratch;
import java.util.concurrent.ArrayBlockingQueue;
import org.jspecify.annotations.Nullable;

/** The large arrays of a generation that is running, which the next one uses again. */
record Workspace(StepOutput output, SamplingScratch scratch) {
  /** Idle workspaces of a generator. Thread-safe. */
  static final class Pool {
    private static final int KEPT = 4;

    private final int vocabSize;
    private final ArrayBlockingQueue<Workspace> idle = new ArrayBlockingQueue<>(KEPT);

    Pool(int vocabSize) {
      this.vocabSize = vocabSize;
    }

    Workspace take() {
      @Nullable Workspace workspace = idle.poll();
      return workspace != null
          ? workspace
          : new Workspace(new StepOutput(), new SamplingScratch(vocabSize));
    }

    void giveBack(Workspace workspace) {
      boolean _ = idle.offer(workspace); // more than can be used again are left to the collector
    }
  }
}
