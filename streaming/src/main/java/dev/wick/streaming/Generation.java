package dev.wick.streaming;

import dev.wick.engine.model.AdapterUse;
import dev.wick.engine.model.KvLease;
import dev.wick.engine.model.StepBatch;
import dev.wick.engine.model.StepOutput;
import java.util.ArrayDeque;
import java.util.List;
import java.util.concurrent.locks.Condition;
import org.jspecify.annotations.Nullable;

/**
 * One request on its way, between the threads that drive the steps and the one that reads it.
 *
 * <p>All is guarded by the lock of the {@link Scheduler}, except what says that it belongs to the
 * thread that drives: while the generation is part of a step, nobody else looks at it.
 */
final class Generation {
  /** How many tokens may be ready before the reader asks for them; more, and it is left out. */
  static final int MOST_AHEAD = 8;

  /** Whether it has its prompt, waits for room, holds blocks, or has ended. */
  enum Place {
    NEW,
    WAITING,
    RUNNING,
    GONE
  }

  private final List<AdapterUse> adapters;
  private final Decoding decoding;
  private final KvLease lease;
  private final boolean watched;
  private final Condition news;
  private final ArrayDeque<StreamToken> ready = new ArrayDeque<>(MOST_AHEAD);
  private final Transcript shown = new Transcript();
  private Place place = Place.NEW;
  private boolean inStep;
  private boolean cancelled;
  private @Nullable Throwable failure;
  private long lastStep;
  private int cachedTokens = -1; // not known before it first runs

  // Of the reader.
  private boolean begun;

  // Of the thread that drives.
  private int from;
  private int rows;
  private @Nullable StreamToken made;
  private @Nullable Throwable broken;

  /**
   * A generation that has not begun.
   *
   * @param adapters what is added to the base model
   * @param watched whether somebody reads its tokens; if not, only the result counts
   * @param news where its reader waits
   */
  Generation(
      List<AdapterUse> adapters,
      Decoding decoding,
      KvLease lease,
      boolean watched,
      Condition news) {
    this.adapters = adapters;
    this.decoding = decoding;
    this.lease = lease;
    this.watched = watched;
    this.news = news;
  }

  /** Whether this is the first call; belongs to the reader. */
  boolean beginsNow() {
    boolean first = !begun;
    begun = true;
    return first;
  }

  Decoding decoding() {
    return decoding;
  }

  KvLease lease() {
    return lease;
  }

  Condition news() {
    return news;
  }

  /** Begins with what the cache still has of its tokens; its last one is computed in any case. */
  void resume() {
    lease.resume(adapters, decoding::token, decoding.length() - 1);
  }

  /** Whether it runs now and never did before; notes then how much of it the cache had. */
  boolean firstRun() {
    boolean first = cachedTokens < 0;
    if (first) {
      cachedTokens = lease.length();
    }
    return first;
  }

  /** Tokens of the prompt that the cache had. */
  int cachedTokens() {
    return Math.max(0, cachedTokens);
  }

  /** Lets others begin with its blocks. */
  void remember() {
    lease.remember(adapters, decoding::token);
  }

  Place place() {
    return place;
  }

  void moveTo(Place next) {
    place = next;
  }

  boolean isWatched() {
    return watched;
  }

  boolean isInStep() {
    return inStep;
  }

  /** The step that it last was part of. */
  long lastStep() {
    return lastStep;
  }

  /** Whether its reader can do with another token. */
  boolean isHungry() {
    return ready.size() < MOST_AHEAD;
  }

  /** Tokens that the cache lacks: of the prompt, or the last one. */
  int pending() {
    return decoding.length() - lease.length();
  }

  /** Makes it part of a step that is about to be computed. */
  void enterStep(long step, int stepRows) {
    inStep = true;
    lastStep = step;
    from = lease.length();
    rows = stepRows;
  }

  /** Rows in the step; belongs to the thread that drives. */
  int rows() {
    return rows;
  }

  /** Its part of the step; belongs to the thread that drives. */
  StepBatch.Sequence sequence() {
    return new StepBatch.Sequence(
        rows, lease, rows == pending() ? StepBatch.Logits.LAST : StepBatch.Logits.NONE, adapters);
  }

  /** Undoes a step that failed; belongs to the thread that drives. */
  void rewind() {
    lease.truncate(from);
  }

  /** Picks its token from a row of logits; belongs to the thread that drives. */
  void accept(StepOutput output, int row) {
    try {
      made = decoding.accept(output, row);
    } catch (RuntimeException | Error e) {
      broken = e; // reaches the reader, and nobody else
    }
  }

  /** Notes that its step failed; belongs to the thread that drives. */
  void breakOff(Throwable cause) {
    broken = cause;
  }

  /** Whether the step gave it a token; belongs to the thread that drives. */
  boolean hasMade() {
    return made != null;
  }

  /** Ends its part in the step and hands over what came of it; returns whether that was all. */
  boolean leaveStep() {
    inStep = false;
    failure = broken;
    StreamToken token = made;
    made = null;
    if (token == null || cancelled) {
      return cancelled || failure != null;
    }
    if (watched) {
      ready.add(token);
    } else {
      shown.add(token);
    }
    return token.finishReason().isPresent();
  }

  /** Ends it with a failure. */
  void fail(Throwable cause) {
    failure = cause;
  }

  /** Stops it; tokens that nobody has read are dropped. */
  void cancel() {
    cancelled = true;
    ready.clear();
  }

  /** Whether its reader need not wait. */
  boolean hasNews() {
    return !ready.isEmpty() || failure != null || cancelled || place == Place.GONE;
  }

  /** The next token for its reader, or null after the last one; throws what it failed with. */
  @Nullable StreamToken take() {
    StreamToken token = ready.poll();
    if (token != null) {
      shown.add(token);
    } else if (failure instanceof RuntimeException e) {
      throw e;
    } else if (failure instanceof Error e) {
      throw e;
    }
    return token;
  }

  /** Whether it was cancelled before its reader had its last token. */
  boolean isCutShort() {
    return cancelled && !shown.isComplete();
  }

  /** The result so far. */
  Completion completion() {
    return shown.completion(decoding.promptTokens(), cachedTokens(), decoding.seed());
  }
}
