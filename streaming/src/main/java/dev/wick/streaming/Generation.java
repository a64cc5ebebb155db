package dev.wick.streaming;

import dev.wick.engine.model.KvLease;
import dev.wick.engine.model.LanguageModel;
import dev.wick.engine.model.StepBatch;
import dev.wick.engine.model.StepOutput;
import dev.wick.engine.model.Tokenizer;
import dev.wick.streaming.sampling.Sampler;
import dev.wick.streaming.sampling.TokenHistory;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * One request on its way: the core below all views.
 *
 * <p>It is a state machine beside the model, so that a step may serve several: {@link #begin}, then
 * as long as it is not {@link #ended}, put {@link #rows} and {@link #sequence} into a step and hand
 * its logits to {@link #accept}. {@link #next} does that for a step of its own.
 *
 * <p>One thread at a time, except {@link #cancel}, which any thread may call: the key-value blocks
 * go back at once, or after the step that is running.
 */
final class Generation implements AutoCloseable {
  /** Most tokens of a prompt in one step: bounds the activations and the wait for others. */
  private static final int PROMPT_ROWS = 512;

  private final LanguageModel model;
  private final Tokenizer tokenizer;
  private final GenerationRequest request;
  private final int[] endOfSequenceIds;
  private final Workspace.Pool workspaces;
  private final Workspace workspace;
  private final Sampler sampler;
  private final TokenHistory history;
  private final Tokenizer.StreamDecoder decoder;
  private final StopStrings stopStrings;
  private final StringBuilder text = new StringBuilder();

  /** Held while a step runs or what it needs is given back. */
  private final ReentrantLock working = new ReentrantLock();

  private final KvLease lease;
  private volatile boolean cancelled;
  private @Nullable FinishReason finishReason;
  private boolean begun;
  private boolean gaveBack;
  private int promptTokens;
  private int maxTokens;
  private int generated;
  private long startNanos;
  private long firstNanos;
  private long lastNanos;

  Generation(
      LanguageModel model,
      Tokenizer tokenizer,
      Workspace.Pool workspaces,
      GenerationRequest request) {
    this.model = model;
    this.tokenizer = tokenizer;
    this.request = request;
    List<Integer> ends = new ArrayList<>(model.info().eosTokenIds());
    ends.addAll(request.stopTokenIds());
    this.endOfSequenceIds = ends.stream().mapToInt(Integer::intValue).distinct().toArray();
    this.workspaces = workspaces;
    this.workspace = workspaces.take();
    this.sampler = new Sampler(request.sampling(), workspace.scratch());
    this.history = sampler.history();
    this.decoder = tokenizer.newStreamDecoder(request.skipSpecialTokens());
    this.stopStrings = new StopStrings(request.stopStrings());
    this.lease = model.kvPool().lease();
  }

  /**
   * Computes the next token, alone.
   *
   * @param turn held while the model computes
   * @return the token, or null if the generation has ended
   */
  @Nullable StreamToken next(ReentrantLock turn) {
    boolean failed = true;
    working.lock();
    try {
      StreamToken token = null;
      while (token == null && !ended()) {
        begin();
        token = step(turn);
      }
      failed = false;
      return token;
    } finally {
      if (failed) {
        cancelled = true;
      }
      if (ended()) {
        giveBack();
      }
      working.unlock();
      if (cancelled) {
        release(); // for a cancel that came after the look above
      }
    }
  }

  private @Nullable StreamToken step(ReentrantLock turn) {
    turn.lock();
    try {
      if (cancelled) {
        return null;
      }
      int[] rows = rows();
      model.step(new StepBatch(rows, List.of(sequence(rows.length))), workspace.output());
    } finally {
      turn.unlock();
    }
    return workspace.output().rows() == 0 ? null : accept(workspace.output(), 0);
  }

  /**
   * Encodes the prompt, if that has not been done.
   *
   * @throws ContextTooLongException if no room is left for a token
   * @throws IllegalArgumentException if the prompt has no tokens or one that the model lacks
   */
  void begin() {
    if (begun) {
      return;
    }
    begun = true;
    startNanos = System.nanoTime();
    lastNanos = startNanos;
    int[] prompt =
        switch (request.prompt()) {
          case Prompt.Text(String promptText) -> tokenizer.encode(promptText);
          case Prompt.Tokens tokens -> tokens.ids();
        };
    checkPrompt(prompt);
    promptTokens = prompt.length;
    maxTokens =
        Math.min(
            request.maxTokens().orElse(Integer.MAX_VALUE),
            model.info().contextLength() - promptTokens);
    sampler.begin(prompt);
  }

  private void checkPrompt(int[] prompt) {
    int contextLength = model.info().contextLength();
    if (prompt.length >= contextLength) {
      throw new ContextTooLongException(prompt.length, contextLength);
    }
    if (prompt.length == 0) {
      throw new IllegalArgumentException("prompt: expected at least one token, got none");
    }
    for (int id : prompt) {
      if (id < 0 || id >= model.info().vocabSize()) {
        throw new IllegalArgumentException(
            "prompt: expected token ids in 0..%d, got %d"
                .formatted(model.info().vocabSize() - 1, id));
      }
    }
  }

  /** The tokens that the next step has to append: a part of the prompt, or the last token. */
  int[] rows() {
    int from = lease.length();
    int[] rows = new int[Math.min(history.size() - from, PROMPT_ROWS)];
    for (int i = 0; i < rows.length; i++) {
      rows[i] = history.token(from + i);
    }
    return rows;
  }

  /** This generation's part of a step with its rows. */
  StepBatch.Sequence sequence(int rows) {
    boolean last = lease.length() + rows == history.size();
    return new StepBatch.Sequence(
        rows, lease, last ? StepBatch.Logits.LAST : StepBatch.Logits.NONE, request.adapters());
  }

  /** Picks a token from a row of logits and finds out whether it is the last. */
  StreamToken accept(StepOutput step, int row) {
    float[] logits = step.logits(row);
    float logSumExp = step.logSumExp(row);
    boolean plain = sampler.isArgMax() && Float.isFinite(logSumExp);
    int id = plain ? step.argMax(row) : sampler.sample(logits, 0);
    sampler.accept(id);
    int index = generated++;
    boolean end = contains(endOfSequenceIds, id);
    boolean stop = end && !request.ignoreEndOfSequence();
    String shown = stop ? "" : stopStrings.next(decoder.next(id));
    if (stop) {
      finishReason = FinishReason.STOP;
    } else if (stopStrings.matched()) {
      finishReason = FinishReason.STOP_STRING;
    } else if (generated == maxTokens) {
      finishReason = FinishReason.LENGTH;
    }
    if (stop || finishReason == FinishReason.LENGTH) {
      shown += remainingText();
    }
    text.append(shown);
    lastNanos = System.nanoTime();
    if (index == 0) {
      firstNanos = lastNanos;
    }
    return new StreamToken(
        index,
        id,
        shown,
        logits[id],
        logits[id] - logSumExp,
        request.topLogprobs() == 0 ? List.of() : alternatives(logits, logSumExp),
        end,
        Optional.ofNullable(finishReason),
        lastNanos - startNanos);
  }

  /** The rest of the decoder and of the stop strings; a stop string may be complete only now. */
  private String remainingText() {
    String rest = stopStrings.next(decoder.finish());
    if (stopStrings.matched()) {
      finishReason = FinishReason.STOP_STRING;
      return rest;
    }
    return rest + stopStrings.finish();
  }

  private List<TokenAlternative> alternatives(float[] logits, float logSumExp) {
    List<TokenAlternative> result = new ArrayList<>(request.topLogprobs());
    for (int id : Sampler.largest(logits, request.topLogprobs())) {
      String own = tokenizer.decode(new int[] {id}, false);
      result.add(new TokenAlternative(id, own, logits[id], logits[id] - logSumExp));
    }
    return result;
  }

  private static boolean contains(int[] ids, int id) {
    for (int candidate : ids) {
      if (candidate == id) {
        return true;
      }
    }
    return false;
  }

  /** Whether no further token will come. */
  boolean ended() {
    return cancelled || finishReason != null;
  }

  /** Whether it was cancelled, or failed, before it had its last token. */
  boolean cancelled() {
    return cancelled && finishReason == null;
  }

  /** Stops it; does nothing if it has ended. */
  void cancel() {
    cancelled = true;
    release();
  }

  /** Stops it and waits for the step that is running. */
  @Override
  public void close() {
    cancelled = true;
    working.lock();
    try {
      giveBack();
    } finally {
      working.unlock();
    }
  }

  private void release() {
    if (working.tryLock()) {
      try {
        giveBack();
      } finally {
        working.unlock();
      }
    }
  }

  private void giveBack() {
    if (!gaveBack) {
      gaveBack = true;
      lease.close();
      workspaces.giveBack(workspace);
    }
  }

  /** The result so far, which is final once the generation has ended. */
  Completion completion() {
    int[] ids = new int[generated];
    for (int i = 0; i < generated; i++) {
      ids[i] = history.token(promptTokens + i);
    }
    return new Completion(
        text.toString(),
        Arrays.stream(ids).boxed().toList(),
        finishReason == null ? FinishReason.CANCELLED : finishReason,
        new Usage(promptTokens, generated),
        Timing.of(generated == 0 ? 0 : firstNanos - startNanos, lastNanos - startNanos, generated),
        sampler.seed());
  }
}
