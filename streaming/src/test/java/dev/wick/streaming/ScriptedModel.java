package dev.wick.streaming;

import dev.wick.engine.Engine;
import dev.wick.engine.model.Adapter;
import dev.wick.engine.model.AdapterUse;
import dev.wick.engine.model.ForwardPass;
import dev.wick.engine.model.KvLease;
import dev.wick.engine.model.KvPool;
import dev.wick.engine.model.LanguageModel;
import dev.wick.engine.model.ModelInfo;
import dev.wick.engine.model.StepBatch;
import dev.wick.engine.model.StepOutput;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.function.ToIntFunction;
import org.jspecify.annotations.Nullable;

/**
 * A model that says what a function tells it to. It remembers tokens only in the slots that a lease
 * names, as a real one does, so that a wrong block table gives wrong tokens.
 */
final class ScriptedModel implements LanguageModel {
  static final int BLOCK = 4;
  static final int EOS = TestTokenizer.EOS;

  final AtomicInteger steps = new AtomicInteger();
  final Queue<Integer> stepRows = new ConcurrentLinkedQueue<>();
  final Queue<Thread> threads = new ConcurrentLinkedQueue<>();
  final Queue<List<Integer>> batches = new ConcurrentLinkedQueue<>();
  final Queue<List<AdapterUse>> adapters = new ConcurrentLinkedQueue<>();
  volatile Predicate<int[]> nanAfter = tokens -> false;
  volatile Predicate<StepBatch> refused = batch -> false;
  volatile Runnable beforeStep = () -> {};
  volatile @Nullable Function<int[], float[]> scores;
  volatile int failAtStep = -1;
  volatile int nanAtStep = -1;
  private volatile @Nullable Adapter current;

  private final int vocabSize;
  private final KvPool pool;
  private final int contextLength;
  private final ToIntFunction<int[]> next;
  private final int[] slots;

  /**
   * A model.
   *
   * @param next from all tokens of a sequence to the one that follows
   */
  ScriptedModel(int vocabSize, int contextLength, int blocks, ToIntFunction<int[]> next) {
    this.vocabSize = vocabSize;
    this.contextLength = contextLength;
    this.next = next;
    this.pool = new KvPool(blocks, BLOCK);
    this.slots = new int[blocks * BLOCK];
  }

  /** A model that continues any prompt of {@code promptLength} tokens with these. */
  static ScriptedModel saying(int promptLength, int... tokens) {
    return new ScriptedModel(
        400, 4096, 2048, sequence -> tokens[(sequence.length - promptLength) % tokens.length]);
  }

  /** A model that continues the one-byte prompt with the bytes of a text, again and again. */
  static ScriptedModel saying(String text) {
    return saying(1, new TestTokenizer().encode(text));
  }

  /** A model whose tokens depend on everything before. */
  static ScriptedModel hashing() {
    return hashing(2048);
  }

  /** A model whose tokens depend on everything before, with a cache of so many blocks. */
  static ScriptedModel hashing(int blocks) {
    return new ScriptedModel(
        400,
        4096,
        blocks,
        sequence -> {
          int hash = 17;
          for (int token : sequence) {
            hash = 31 * hash + token;
          }
          return 'a' + Math.floorMod(hash ^ (hash >>> 15), 26);
        });
  }

  /** What follows these tokens. */
  int nextToken(int[] tokens) {
    return next.applyAsInt(tokens);
  }

  /** The scores that were set for what follows these tokens. */
  float[] scores(int[] tokens) {
    return Objects.requireNonNull(scores).apply(tokens);
  }

  /** The same with another number of tokens. */
  ScriptedModel withVocabulary(int size) {
    return new ScriptedModel(size, contextLength, pool.blocks(), next);
  }

  boolean holdsNothing() {
    return pool.freeBlocks() == pool.blocks();
  }

  @Override
  public ModelInfo info() {
    return new ModelInfo("test", "test", vocabSize, 1, 1, contextLength, List.of(EOS), 0, 0);
  }

  @Override
  public KvPool kvPool() {
    return pool;
  }

  @Override
  public synchronized void step(StepBatch batch, StepOutput output) {
    int step = steps.getAndIncrement();
    stepRows.add(batch.rows());
    threads.add(Thread.currentThread());
    beforeStep.run();
    batches.add(batch.sequences().stream().map(StepBatch.Sequence::rows).toList());
    batch.sequences().forEach(sequence -> adapters.add(sequence.adapters()));
    if (step == failAtStep || refused.test(batch)) {
      throw new IllegalStateException("scripted failure");
    }
    output.resize(batch.logitRows(), vocabSize);
    int row = 0;
    int logitRow = 0;
    for (StepBatch.Sequence sequence : batch.sequences()) {
      KvLease lease = sequence.lease();
      lease.reserve(sequence.rows());
      int from = lease.length();
      for (int i = 0; i < sequence.rows(); i++) {
        slots[lease.slot(from + i)] = batch.token(row++);
      }
      lease.advance(sequence.rows());
      for (int i = sequence.rows() - sequence.logitRows(); i < sequence.rows(); i++) {
        fill(output, logitRow++, lease, from + i + 1, step);
      }
    }
  }

  private void fill(StepOutput output, int row, KvLease lease, int length, int step) {
    int[] tokens = new int[length];
    for (int i = 0; i < tokens.length; i++) {
      tokens[i] = slots[lease.slot(i)];
    }
    int best = next.applyAsInt(tokens);
    float[] logits = output.logits(row);
    double sum = 0;
    float[] given = scores == null ? null : scores(tokens);
    for (int i = 0; i < vocabSize; i++) {
      logits[i] = given != null ? given[i] : i == best ? 9 : (i * 7 % 13) / 13f;
      sum += Math.exp(logits[i]);
    }
    boolean broken = step == nanAtStep || nanAfter.test(tokens);
    if (broken) {
      logits[3] = Float.NaN;
    }
    output.summarize(row, broken ? Float.NaN : (float) Math.log(sum), broken ? 3 : best);
  }

  @Override
  public Map<String, float[]> hiddenStates(StepBatch batch) {
    return Map.of();
  }

  @Override
  public Engine engine() {
    throw new UnsupportedOperationException("a scripted model computes nothing");
  }

  @Override
  public ForwardPass forwardPass() {
    throw new UnsupportedOperationException("a scripted model computes nothing");
  }

  @Override
  public void apply(Adapter adapter) {
    current = adapter;
  }

  @Override
  public void remove() {
    current = null;
  }

  @Override
  public boolean hasAdapter() {
    return current != null;
  }

  @Override
  public Optional<Adapter> current() {
    return Optional.ofNullable(current);
  }

  @Override
  public void close() {}
}
