package dev.wick.backend.cpu.kernel;

/** Attention over a paged cache. The integer operands are read and checked when a step runs. */
final class PagedPlan extends AttentionPlan {
  final int maxBlocks;

  private final HostTensor table;
  private final HostTensor sequence;
  private final HostTensor position;

  PagedPlan(
      HostTensor query,
      HostTensor keys,
      HostTensor values,
      HostTensor table,
      HostTensor sequence,
      HostTensor position,
      HostTensor result,
      float scale,
      int window) {
    super(query, keys, values, result, scale, window);
    this.table = table;
    this.sequence = sequence;
    this.position = position;
    this.maxBlocks = table.extent(1);
  }

  @Override
  int position(int token) {
    return position.intAt(token);
  }

  @Override
  int sequence(int token) {
    return sequence.intAt(token);
  }

  @Override
  int firstVisible(int token) {
    return window > 0 ? Math.max(0, position(token) - window + 1) : 0;
  }

  @Override
  int block(int s, int number) {
    return table.intAt((long) s * maxBlocks + number);
  }

  /** Checks a token's sequence, position and the blocks that hold what it sees. */
  void check(int token) {
    int s = sequence(token);
    int p = position(token);
    Indices.check("paged_attention", "sequences", s, table.shape().extent(0));
    Indices.check("paged_attention", "positions", p, (long) maxBlocks * blockSize);
    for (int b = firstVisible(token) / blockSize; b <= p / blockSize; b++) {
      Indices.check("paged_attention", "blocks", block(s, b), keys.shape().extent(0));
    }
  }
}
