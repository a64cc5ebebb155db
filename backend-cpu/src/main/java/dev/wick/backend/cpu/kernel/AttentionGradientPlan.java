package dev.wick.backend.cpu.kernel;

import dev.wick.backend.cpu.loop.Layouts;
import dev.wick.backend.cpu.loop.RowMath;
import dev.wick.engine.op.AttentionGradient;
import java.util.List;

/** The contiguous operands and results of an {@link AttentionGradient}, and who sees whom. */
final class AttentionGradientPlan {
  /** Queries of a block. */
  static final int QUERIES = 64;

  final HostTensor query;
  final HostTensor key;
  final HostTensor value;
  final HostTensor outputGradient;
  final HostTensor ofQuery;
  final HostTensor ofKey;
  final HostTensor ofValue;
  final float scale;
  final int tokens;
  final int heads;
  final int kvHeads;
  final int group;
  final int dim;
  final int valueDim;

  /** Tokens in whole blocks. */
  final long padded;

  private final HostTensor first;
  private final HostTensor output;
  private final HostTensor logSumExp;
  private final HostTensor logSumExpGradient;
  private final int window;
  private final int[] visibleFrom;
  private final int[] blockVisibleFrom;

  AttentionGradientPlan(AttentionGradient op, List<HostTensor> operands, List<HostTensor> results) {
    this.query = operands.get(0);
    this.key = operands.get(1);
    this.value = operands.get(2);
    this.first = operands.get(3);
    this.output = operands.get(4);
    this.logSumExp = operands.get(5);
    this.outputGradient = operands.get(6);
    this.logSumExpGradient = operands.get(7);
    this.ofQuery = results.get(0);
    this.ofKey = results.get(1);
    this.ofValue = results.get(2);
    this.scale = op.scale();
    this.window = op.window();
    this.tokens = query.extent(0);
    this.heads = query.extent(1);
    this.kvHeads = key.extent(1);
    this.group = heads / kvHeads;
    this.dim = query.extent(2);
    this.valueDim = value.extent(2);
    int blocks = (tokens + QUERIES - 1) / QUERIES;
    this.padded = (long) blocks * QUERIES;
    this.visibleFrom = new int[tokens];
    this.blockVisibleFrom = new int[blocks];
  }

  /** Reads and checks what the tokens see, before anything else of a run. */
  void readVisibility() {
    BatchPlan.check("attention_gradient", first);
    for (int token = 0; token < tokens; token++) {
      int from = first.intAt(token);
      visibleFrom[token] = window > 0 ? Math.max(from, token - window + 1) : from;
      int block = token / QUERIES;
      boolean begins = token % QUERIES == 0;
      blockVisibleFrom[block] =
          begins ? visibleFrom[token] : Math.min(blockVisibleFrom[block], visibleFrom[token]);
    }
  }

  /** First token that a token sees; the last one is itself. */
  int visibleFrom(int token) {
    return visibleFrom[token];
  }

  /** First token that anyone in the block that begins with a token sees. */
  int blockVisibleFrom(int token) {
    return blockVisibleFrom[token / QUERIES];
  }

  /** Bytes between the rows of one head in a tensor {@code [tokens, heads, n]}. */
  static long rowBytes(HostTensor tensor) {
    return 4L * tensor.extent(1) * tensor.extent(2);
  }

  /** Place of a row in a tensor {@code [tokens, heads, n]}. */
  static long row(HostTensor tensor, int token, int head) {
    return tensor.offset() + token * rowBytes(tensor) + 4L * head * tensor.extent(2);
  }

  float logSumExp(int token, int head) {
    return scalar(logSumExp, token, head);
  }

  /** D: the products of output and its gradient, less the gradient of the log-sum-exp. */
  float delta(RowMath math, int token, int head) {
    long o = row(output, token, head);
    long g = row(outputGradient, token, head);
    float products = math.dot(output.segment(), o, outputGradient.segment(), g, valueDim);
    return products - scalar(logSumExpGradient, token, head);
  }

  private float scalar(HostTensor tensor, int token, int head) {
    long at = tensor.offset() + 4L * ((long) token * heads + head);
    return tensor.segment().get(Layouts.FLOAT, at);
  }
}
