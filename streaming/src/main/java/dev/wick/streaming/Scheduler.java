package dev.wick.streaming;

import dev.wick.engine.model.AdapterUse;
import dev.wick.engine.model.LanguageModel;
import dev.wick.engine.model.Tokenizer;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Continuous batching (Orca, Yu et al. 2022): generations join and leave between any two steps.
 *
 * <p>It has no thread. Whoever wants a token drives the steps for all until it has one, then wakes
 * another reader to go on; a reader that is alone computes as in a loop of its own. Thread-safe.
 */
final class Scheduler implements AutoCloseable {
  /** How long until one looks again whether blocks have come back from outside. */
  private static final long LOOK_AGAIN_NANOS = TimeUnit.MILLISECONDS.toNanos(10);

  private final ReentrantLock lock = new ReentrantLock();
  private final Condition stepOver = lock.newCondition();
  private final LanguageModel model;
  private final GeneratorOptions options;
  private final Step step;
  private final Roster roster;
  private final List<Generation> parked = new ArrayList<>();
  private @Nullable Thread driver;
  private boolean closed;

  Scheduler(LanguageModel model, GeneratorOptions options) {
    this.model = model;
    this.options = options;
    this.step = new Step(model, options.maxBatchTokens());
    this.roster = new Roster(model.kvPool(), options);
  }

  /**
   * A generation that begins with the first call of {@link #next}.
   *
   * @param watched whether its tokens are read one by one
   */
  Generation newGeneration(Tokenizer tokenizer, GenerationRequest request, boolean watched) {
    return new Generation(
        adapters(request),
        request.speculation().orElse(options.speculation()),
        request.sampling(),
        new Decoding(model, tokenizer, step.scratch(), request),
        model.kvPool().lease(),
        watched,
        lock.newCondition());
  }

  /** What the request names, else the default of the model, which a generation keeps. */
  private List<AdapterUse> adapters(GenerationRequest request) {
    return request.adapters().isEmpty() && request.defaultAdapter()
        ? model.current().map(adapter -> List.of(new AdapterUse(adapter, 1))).orElse(List.of())
        : request.adapters();
  }

  /**
   * The next token of a generation, or null after its last one; of one that nobody watches, null
   * after its end. Throws what it failed with. The first call encodes the prompt.
   *
   * <p>If the thread is interrupted, the generation is cancelled and the thread stays interrupted.
   */
  @Nullable StreamToken next(Generation generation) {
    if (generation.beginsNow()) {
      begin(generation);
    }
    lock.lock();
    try {
      while (!generation.hasNews()) {
        if (Thread.currentThread().isInterrupted()) {
          stop(generation);
        } else if (driver != null || !drive()) {
          park(generation);
        }
      }
      return generation.take();
    } finally {
      passOn();
      lock.unlock();
    }
  }

  private void begin(Generation generation) {
    boolean begun = false;
    try {
      generation.decoding().begin();
      begun = true;
    } finally {
      if (begun) {
        submit(generation);
      } else {
        cancel(generation);
      }
    }
  }

  private void submit(Generation generation) {
    lock.lock();
    try {
      if (closed) {
        generation.cancel();
      } else if (!generation.hasNews()) {
        roster.add(generation);
      }
    } finally {
      lock.unlock();
    }
  }

  /** Computes a step, if there is one to compute, and wakes those who have news. */
  private boolean drive() {
    List<Generation> batch = roster.plan();
    if (!batch.isEmpty()) {
      driver = Thread.currentThread();
      lock.unlock();
      try {
        step.run(batch);
      } finally {
        lock.lock();
        driver = null;
        roster.settle();
        stepOver.signalAll();
      }
    }
    for (int i = parked.size() - 1; i >= 0; i--) {
      if (parked.get(i).hasNews()) {
        parked.remove(i).news().signal();
      }
    }
    return !batch.isEmpty();
  }

  /** Waits for news, or to be the one who drives. */
  private void park(Generation generation) {
    long nanos = driver == null ? LOOK_AGAIN_NANOS : Long.MAX_VALUE;
    parked.add(generation);
    try {
      while (nanos > 0 && !generation.hasNews() && parked.contains(generation)) {
        nanos = generation.news().awaitNanos(nanos);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      parked.remove(generation);
    }
  }

  /** Wakes a reader to drive, if nobody does: best one that need not stop at each token. */
  private void passOn() {
    if (driver != null || parked.isEmpty()) {
      return;
    }
    Generation heir = parked.getFirst();
    for (Generation candidate : parked) {
      if (!candidate.isWatched() && candidate.place() == Generation.Place.RUNNING) {
        heir = candidate;
        break;
      }
    }
    parked.remove(heir);
    heir.news().signal();
  }

  /** Stops a generation. Its blocks are returned at once, or after the step that is computed. */
  void cancel(Generation generation) {
    lock.lock();
    try {
      stop(generation);
      passOn();
    } finally {
      lock.unlock();
    }
  }

  private void stop(Generation generation) {
    generation.cancel();
    if (!generation.isInStep()) {
      roster.retire(generation);
    }
    if (parked.remove(generation)) {
      generation.news().signal();
    }
  }

  boolean isClosed() {
    lock.lock();
    try {
      return closed;
    } finally {
      lock.unlock();
    }
  }

  /** Whether a generation was cancelled before its reader had the last token. */
  boolean isCutShort(Generation generation) {
    lock.lock();
    try {
      return generation.isCutShort();
    } finally {
      lock.unlock();
    }
  }

  /** The result of a generation so far. */
  Completion completion(Generation generation) {
    lock.lock();
    try {
      return generation.completion();
    } finally {
      lock.unlock();
    }
  }

  GeneratorStats stats() {
    lock.lock();
    try {
      return roster.stats();
    } finally {
      lock.unlock();
    }
  }

  /** Stops all generations and waits for the step that is computed. */
  @Override
  public void close() {
    lock.lock();
    try {
      closed = true;
      roster.members().forEach(this::stop);
      while (driver != null && driver != Thread.currentThread()) {
        stepOver.awaitUninterruptibly();
      }
    } finally {
      lock.unlock();
    }
  }
}
