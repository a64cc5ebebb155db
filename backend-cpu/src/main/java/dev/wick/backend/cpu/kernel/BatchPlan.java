package dev.wick.backend.cpu.kernel;

import dev.wick.backend.cpu.loop.Layouts;
import dev.wick.engine.tensor.Shape;

/** Attention of the rows of a batch among themselves: a row is its own position. */
final class BatchPlan extends AttentionPlan {
  private final HostTensor first;
  private final HostTensor logSumExp;

  /** Binds contiguous operands and results. */
  BatchPlan(
      HostTensor query,
      HostTensor key,
      HostTensor value,
      HostTensor first,
      HostTensor result,
      HostTensor logSumExp,
      float scale,
      int window) {
    super(query, asBlocks(key), asBlocks(value), result, scale, window);
    this.first = first;
    this.logSumExp = logSumExp;
  }

  /** Rows [tokens, kvHeads, dim] as blocks of one position. */
  private static HostTensor asBlocks(HostTensor rows) {
    Shape shape = rows.shape();
    Shape blocks = Shape.of(shape.extent(0), 1, shape.extent(1), shape.extent(2));
    return new HostTensor(
        rows.segment(), rows.offset(), rows.dtype(), rows.layout().reshape(blocks).orElseThrow());
  }

  @Override
  int position(int token) {
    return token;
  }

  @Override
  int sequence(int token) {
    return 0;
  }

  @Override
  int firstVisible(int token) {
    int begin = first.intAt(token);
    return window > 0 ? Math.max(begin, token - window + 1) : begin;
  }

  @Override
  int block(int s, int number) {
    return number;
  }

  @Override
  void finish(int token, int head, float max, float sum) {
    long at = logSumExp.offset() + 4L * ((long) token * heads + head);
    logSumExp.segment().set(Layouts.FLOAT, at, (float) (max + Math.log(sum)));
  }

  /** Checks the first row of every token. */
  static void check(String op, HostTensor first) {
    int tokens = first.extent(0);
    for (int token = 0; token < tokens; token++) {
      Indices.check(op, "first rows", first.intAt(token), token + 1L);
    }
  }
}
