package dev.wick.backend.cpu.kernel;

import dev.wick.backend.cpu.loop.InnerLoops;
import dev.wick.backend.cpu.team.Execution;
import dev.wick.backend.cpu.team.Region;
import dev.wick.backend.cpu.team.Worker;

/**
 * Causal grouped-query attention over a paged cache. Runs of neighbouring tokens of one sequence go
 * through {@link PrefillAttention}, single tokens through {@link DecodeAttention}.
 */
final class PagedAttentionKernel implements CpuKernel {
  /**
   * Tokens of a run from which the keys are packed. Fewer have the bits that each has alone, as in
   * {@link RowProducts}, so that verifying guesses in one step changes no token; a short prompt
   * waits for fewer loops to be compiled, too.
   */
  private static final int MIN_TILE_TOKENS = RowProducts.MAX_ROWS + 1;

  /** Steps of more tokens than this are parallel enough without splitting contexts. */
  private static final int MAX_SPLIT_TOKENS = 64;

  /** Multiply-adds below which waking a thread costs more than it brings. */
  private static final long SMALL_WORK = 20_000;

  /** Tokens from which on a step is a prefill, bound by arithmetic. */
  private static final int COMPUTING_TOKENS = 48;

  private final PagedPlan plan;
  private final DecodeAttention decode;
  private final PrefillAttention prefill;
  private final boolean mayTile;
  private final boolean maySplit;
  private final int[] firstToken;
  private final int[] tokenCount;
  private final int[] span;
  private final int[] partOf;
  private final Region region = this::runChunk;
  private final Execution execution;
  private int items;

  PagedAttentionKernel(InnerLoops loops, Execution execution, PagedPlan plan) {
    this.plan = plan;
    this.execution = execution;
    this.decode = new DecodeAttention(plan, loops);
    this.prefill = new PrefillAttention(plan, loops);
    this.mayTile = PrefillAttention.fits(plan, loops);
    this.maySplit = plan.tokens <= MAX_SPLIT_TOKENS;
    int maxSpans =
        maySplit ? DecodeAttention.spans(Math.max(0, plan.maxBlocks * plan.blockSize - 1)) : 1;
    int capacity = plan.tokens * maxSpans;
    firstToken = new int[capacity];
    tokenCount = new int[capacity];
    span = new int[capacity];
    partOf = new int[capacity];
    if (maxSpans > 1) {
      execution.reserveShared(capacity * partBytes());
    }
  }

  private long partBytes() {
    return 4L * plan.heads * decode.partialFloats();
  }

  @Override
  public void run(Execution current) {
    if (plan.tokens == 0 || plan.heads == 0) {
      return;
    }
    long work = schedule();
    int chunks = items * plan.kvHeads;
    if (work < SMALL_WORK) {
      for (int chunk = 0; chunk < chunks; chunk++) {
        runChunk(current.caller(), chunk);
      }
    } else if (mayTile && plan.tokens >= COMPUTING_TOKENS) {
      current.compute(region, chunks);
    } else {
      current.run(region, chunks);
    }
    mergeParts();
  }

  /** Divides the tokens into items and returns the number of multiply-adds. */
  private long schedule() {
    items = 0;
    long work = 0;
    int token = 0;
    while (token < plan.tokens) {
      int end = token + 1;
      plan.check(token);
      while (end < plan.tokens && follows(end)) {
        plan.check(end);
        end++;
      }
      int last = plan.position(end - 1);
      work += (long) (end - token) * (last + 1) * plan.heads * plan.headDim;
      if (mayTile && end - token >= MIN_TILE_TOKENS) {
        for (int from = token; from < end; from += prefill.tokensPerTile()) {
          add(from, Math.min(prefill.tokensPerTile(), end - from), -1, 0);
        }
      } else {
        for (int t = token; t < end; t++) {
          addDecode(t);
        }
      }
      token = end;
    }
    return work;
  }

  private boolean follows(int token) {
    return plan.sequence(token) == plan.sequence(token - 1)
        && plan.position(token) == plan.position(token - 1) + 1;
  }

  private void addDecode(int token) {
    int position = plan.position(token);
    int first = plan.firstVisible(token) / DecodeAttention.SPAN;
    int spans = DecodeAttention.spans(position) - first;
    if (!maySplit || spans == 1) {
      add(token, 1, -1, 0);
      return;
    }
    for (int i = 0; i < spans; i++) {
      add(token, 1, first + i, spans - i);
    }
  }

  private void add(int token, int count, int spanNumber, int partsFromHere) {
    firstToken[items] = token;
    tokenCount[items] = count;
    span[items] = spanNumber;
    partOf[items] = partsFromHere;
    items++;
  }

  private void runChunk(Worker worker, int chunk) {
    int item = chunk / plan.kvHeads;
    int kvHead = chunk % plan.kvHeads;
    int token = firstToken[item];
    if (tokenCount[item] > 1) {
      prefill.run(worker, token, tokenCount[item], kvHead);
    } else if (span[item] < 0) {
      decode.whole(worker, token, kvHead);
    } else {
      long at = item * partBytes() + 4L * kvHead * plan.group * decode.partialFloats();
      decode.part(worker, token, kvHead, span[item], execution.shared(), at);
    }
  }

  private void mergeParts() {
    for (int item = 0; item < items; item++) {
      if (span[item] < 0) {
        continue;
      }
      int parts = partOf[item];
      for (int head = 0; head < plan.heads; head++) {
        long from = item * partBytes() + 4L * head * decode.partialFloats();
        decode.merge(execution.shared(), from, partBytes(), parts, firstToken[item], head);
      }
      item += parts - 1;
    }
  }
}
