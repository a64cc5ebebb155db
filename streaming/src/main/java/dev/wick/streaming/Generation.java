package dev.wick.streaming;

import dev.wick.engine.model.AdapterUse;
import dev.wick.engine.model.KvLease;
import dev.wick.engine.model.LanguageModel;
import dev.wick.engine.model.StepBatch;
import dev.wick.engine.model.StepOutput;
import dev.wick.streaming.sampling.SamplingOptions;
import dev.wick.streaming.sampling.SamplingScratch;
import java.util.ArrayDeque;
import java.util.ArrayList;
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
  private final Speculation speculation;
  private final SamplingOptions sampling;
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
  private int guessedTokens;
  private int acceptedTokens;

  // Of the reader.
  private boolean begun;

  // Of the thread that drives.
  private int from;
  private int rows;
  private int guessLimit;
  private int accepted;
  private final Draft draft = new Draft();
  private @Nullable DraftSequence draftSequence;
  private final List<StreamToken> made = new ArrayList<>();
  private @Nullable Throwable broken;

  /**
   * A generation that has not begun.
   *
   * @param adapters what is added to the base model
   * @param speculation how tokens are guessed
   * @param sampling how they are picked
   * @param watched whether somebody reads its tokens; if not, only the result counts
   * @param news where its reader waits
   */
  Generation(
      List<AdapterUse> adapters,
      Speculation speculation,
      SamplingOptions sampling,
      Decoding decoding,
      KvLease lease,
      boolean watched,
      Condition news) {
    this.adapters = adapters;
    this.speculation = speculation;
    this.sampling = sampling;
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

  /** How many tokens to guess at most, beside its next one. */
  int mostGuesses() {
    if (pending() != 1) {
      return 0;
    }
    int most =
        switch (speculation) {
          case Speculation.Off() -> 0;
          case Speculation.PromptLookup(int tokens, int _) -> tokens;
          case Speculation.DraftModel(LanguageModel _, int tokens) -> tokens;
        };
    return Math.min(most, decoding.remaining() - 1);
  }

  /**
   * Makes it part of a step that is about to be computed.
   *
   * @param stepRows tokens so far that go through the model
   * @param guesses most guesses that may follow them
   */
  void enterStep(long step, int stepRows, int guesses) {
    inStep = true;
    lastStep = step;
    from = lease.length();
    rows = stepRows;
    guessLimit = guesses;
    accepted = 0;
    draft.clear();
  }

  Speculation speculation() {
    return speculation;
  }

  /** Most tokens to guess in this step; belongs to the thread that drives. */
  int guessLimit() {
    return guessLimit;
  }

  /** What is guessed in this step; belongs to the thread that drives. */
  Draft draft() {
    return draft;
  }

  /** How a smaller model sees it; belongs to the thread that drives. */
  DraftSequence draftSequence(LanguageModel model, SamplingScratch scratch) {
    DraftSequence sequence = draftSequence;
    if (sequence == null) {
      sequence = new DraftSequence(model, decoding, draft, sampling, scratch);
      draftSequence = sequence;
    }
    return sequence;
  }

  /** Returns its blocks, of all models; it is not part of a step. */
  void free() {
    lease.close();
    if (draftSequence != null) {
      draftSequence.close();
    }
  }

  /** Rows in the step; belongs to the thread that drives. */
  int rows() {
    return rows + draft.size();
  }

  /** The token of a row in the step; belongs to the thread that drives. */
  int token(int row) {
    return row < rows ? decoding.token(lease.length() + row) : draft.token(row - rows);
  }

  /** Its part of the step; belongs to the thread that drives. */
  StepBatch.Sequence sequence() {
    StepBatch.Logits logits =
        rows < pending()
            ? StepBatch.Logits.NONE
            : draft.size() == 0 ? StepBatch.Logits.LAST : StepBatch.Logits.ALL;
    return new StepBatch.Sequence(rows(), lease, logits, adapters);
  }

  /** Whether a failure has ended its part in the step already. */
  boolean isBroken() {
    return broken != null;
  }

  /** Undoes a step that failed; belongs to the thread that drives. */
  void rewind() {
    lease.truncate(from);
  }

  /**
   * Picks its tokens: one from the first row of logits, and one from the row of each guess that
   * came true. Belongs to the thread that drives.
   *
   * @return the first row that is not its own
   */
  int accept(StepOutput output, int row) {
    if (lease.length() < decoding.length()) {
      return row; // a part of a prompt, without logits
    }
    try {
      StreamToken token = decoding.accept(output, row, draft, 0);
      made.add(token);
      while (token.finishReason().isEmpty()
          && accepted < draft.size()
          && token.id() == draft.token(accepted)) {
        accepted++;
        token = decoding.accept(output, row + accepted, draft, accepted);
        made.add(token);
      }
    } catch (RuntimeException | Error e) {
      broken = e; // reaches the reader, and nobody else
    } finally {
      lease.truncate(decoding.length() - 1);
    }
    return row + 1 + draft.size();
  }

  /** Notes that its step failed; belongs to the thread that drives. */
  void breakOff(Throwable cause) {
    broken = cause;
  }

  /** Tokens that the step gave it. */
  int made() {
    return made.size();
  }

  /** Tokens that were guessed in the step. */
  int guesses() {
    return draft.size();
  }

  /** Those of them that came true. */
  int acceptedGuesses() {
    return draft.size() == 0 ? 0 : accepted;
  }

  /** Ends its part in the step and hands over what came of it; returns whether that was all. */
  boolean leaveStep() {
    inStep = false;
    failure = broken;
    guessedTokens += guesses();
    acceptedTokens += acceptedGuesses();
    boolean over = cancelled || failure != null;
    for (int i = 0; i < made.size() && !cancelled; i++) {
      StreamToken token = made.get(i);
      if (watched) {
        ready.add(token);
      } else {
        shown.add(token);
      }
      over |= token.finishReason().isPresent();
    }
    made.clear();
    return over;
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
    Usage usage =
        new Usage(
            decoding.promptTokens(), shown.size(), cachedTokens(), guessedTokens, acceptedTokens);
    return shown.completion(usage, decoding.seed());
  }
}
