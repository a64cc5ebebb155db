package dev.wick.streaming;

import dev.wick.engine.model.KvExhaustedException;
import dev.wick.engine.model.KvPool;
import dev.wick.streaming.Generation.Place;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Iterator;
import java.util.List;

/**
 * Who runs, who waits, and who is part of the next step. Guarded by the lock of the {@link
 * Scheduler}.
 *
 * <p>Requests are admitted in the order in which they came, each when the cache has room for all
 * its tokens so far. Those that run are in that order too. If one needs a block and none is free,
 * the newest gives all of its blocks up and waits in front of the others; its tokens so far are
 * computed again later (Kwon et al. 2023, arXiv:2309.06180). So the oldest always gets on.
 */
final class Roster {
  private final KvPool pool;
  private final GeneratorOptions options;
  private final ArrayDeque<Generation> waiting = new ArrayDeque<>();
  private final List<Generation> running = new ArrayList<>();
  private final List<Generation> candidates = new ArrayList<>();
  private final List<Generation> batch = new ArrayList<>();
  private long steps;
  private long stepTokens;
  private long completionTokens;
  private long promptTokens;
  private long cachedTokens;
  private long guessedTokens;
  private long acceptedTokens;
  private long preemptions;

  Roster(KvPool pool, GeneratorOptions options) {
    this.pool = pool;
    this.options = options;
  }

  /** Lets a new generation wait behind the others. */
  void add(Generation generation) {
    generation.moveTo(Place.WAITING);
    waiting.add(generation);
  }

  /** All that have not ended. */
  List<Generation> members() {
    List<Generation> members = new ArrayList<>(running);
    members.addAll(waiting);
    return members;
  }

  /**
   * Chooses the next step: a token of each that runs, and with what remains of the step guesses and
   * parts of prompts, the oldest first.
   *
   * @return its generations, each told how many rows it has; empty if there is nothing to compute
   */
  List<Generation> plan() {
    admit();
    batch.clear();
    int budget = options.maxBatchTokens();
    for (Generation candidate : candidates) {
      budget -= candidate.pending() == 1 ? 1 : 0;
    }
    for (Generation candidate : candidates) {
      int pending = candidate.pending();
      int rows = pending == 1 ? 1 : Math.min(pending, budget);
      if (rows > 0 && candidate.place() == Place.RUNNING && makeRoom(candidate, rows)) {
        budget -= pending == 1 ? 0 : rows;
        int guesses = Math.min(candidate.mostGuesses(), budget);
        if (guesses > 0 && !reserveForGuesses(candidate, guesses)) {
          guesses = 0;
        }
        budget -= guesses;
        candidate.enterStep(steps, rows, guesses);
        batch.add(candidate);
      }
    }
    return batch;
  }

  /** Fills the candidates, in the order of admission. */
  private void admit() {
    candidates.clear();
    for (Generation generation : running) {
      if (generation.isHungry()) {
        candidates.add(generation);
      }
    }
    leaveOut(candidates.size() - options.maxBatchSize());
    Iterator<Generation> next = waiting.iterator();
    while (candidates.size() < options.maxBatchSize() && next.hasNext()) {
      Generation generation = next.next();
      if (!generation.isHungry()) {
        continue; // preempted, and its reader is behind
      }
      if (options.prefixReuse()) {
        generation.resume();
      }
      if (!hasRoomFor(generation)) {
        generation.lease().truncate(0);
        return;
      }
      next.remove();
      running.add(generation);
      generation.moveTo(Place.RUNNING);
      count(generation);
      if (reserve(generation, generation.pending())) {
        candidates.add(generation);
      }
    }
  }

  /** Counts the prompt of a generation that runs for the first time. */
  private void count(Generation generation) {
    if (generation.firstRun()) {
      promptTokens += generation.decoding().promptTokens();
      cachedTokens += generation.cachedTokens();
    }
  }

  /** Leaves out those that had the latest turns. */
  private void leaveOut(int count) {
    if (count > 0) {
      List<Generation> latest = new ArrayList<>(candidates);
      latest.sort(Comparator.comparingLong(Generation::lastStep).reversed());
      candidates.removeAll(latest.subList(0, count));
    }
  }

  /** Whether the blocks are there for its tokens so far and the next one, if there are so many. */
  private boolean hasRoomFor(Generation generation) {
    int blocks = Math.ceilDiv(generation.decoding().length() + 1, pool.blockSize());
    return Math.min(blocks, pool.blocks()) - generation.lease().blocks() <= pool.freeBlocks();
  }

  /** Whether it has got room, at the cost of newer ones if need be; else it no longer runs. */
  private boolean makeRoom(Generation generation, int rows) {
    while (generation.place() == Place.RUNNING) {
      if (reserve(generation, rows)) {
        return true;
      }
      if (generation.place() == Place.RUNNING) {
        preempt(running.getLast());
      }
    }
    return false;
  }

  /** Tries to get blocks for guesses: only those that nobody else will want in this step. */
  private boolean reserveForGuesses(Generation generation, int guesses) {
    int length = generation.lease().length() + 1 + guesses;
    int blocks = Math.ceilDiv(length, pool.blockSize()) - generation.lease().blocks();
    return (blocks == 0 || pool.freeBlocks() >= blocks + candidates.size())
        && reserve(generation, 1 + guesses);
  }

  /** Tries to get blocks for more tokens; one that no empty cache could hold fails. */
  private boolean reserve(Generation generation, int rows) {
    try {
      generation.lease().reserve(rows);
      return true;
    } catch (KvExhaustedException e) {
      int length = generation.lease().length() + rows;
      if (Math.ceilDiv(length, pool.blockSize()) > pool.blocks()) {
        generation.fail(e);
        retire(generation);
      }
      return false;
    }
  }

  private void preempt(Generation generation) {
    running.remove(generation);
    generation.lease().truncate(0);
    generation.moveTo(Place.WAITING);
    waiting.addFirst(generation);
    preemptions++;
  }

  /** Takes in what came of the step that was planned last. */
  void settle() {
    steps++;
    for (Generation generation : batch) {
      stepTokens += generation.rows();
      completionTokens += generation.made();
      guessedTokens += generation.guesses();
      acceptedTokens += generation.acceptedGuesses();
      if (options.prefixReuse()) {
        generation.remember();
      }
      if (generation.leaveStep()) {
        retire(generation);
      }
    }
  }

  /** Forgets a generation that is not part of a step, and returns its blocks. */
  void retire(Generation generation) {
    switch (generation.place()) {
      case NEW, GONE -> {}
      case WAITING -> waiting.remove(generation);
      case RUNNING -> running.remove(generation);
    }
    generation.moveTo(Place.GONE);
    generation.free();
  }

  GeneratorStats stats() {
    int paused = 0;
    for (Generation generation : running) {
      paused += generation.isHungry() || generation.isInStep() ? 0 : 1;
    }
    return new GeneratorStats(
        running.size(),
        paused,
        waiting.size(),
        steps,
        stepTokens,
        completionTokens,
        preemptions,
        promptTokens,
        cachedTokens,
        guessedTokens,
        acceptedTokens,
        pool.blocks() - pool.freeBlocks(),
        pool.idleBlocks(),
        pool.blocks());
  }
}
