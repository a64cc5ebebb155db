package dev.wick.models.qwen;

import dev.wick.engine.model.ForwardContext;
import dev.wick.engine.model.Linear;
import dev.wick.engine.model.Weights;
import dev.wick.engine.op.Expr;
import dev.wick.engine.op.SwiGlu;
import java.io.IOException;
import java.util.List;

/**
 * A gated feed-forward layer: {@code down(silu(gate(x)) · up(x))}; Shazeer 2020, arXiv:2002.05202.
 */
record DenseMlp(Linear gate, Linear up, Linear down) implements FeedForward {
  static DenseMlp load(String name, long hidden, long intermediate, Weights weights)
      throws IOException {
    return new DenseMlp(
        weights.linear(name + ".gate_proj", intermediate, hidden, false),
        weights.linear(name + ".up_proj", intermediate, hidden, false),
        weights.linear(name + ".down_proj", hidden, intermediate, false));
  }

  /** One of the experts among which each token chooses. */
  static DenseMlp loadExpert(String name, long hidden, long intermediate, Weights weights)
      throws IOException {
    return new DenseMlp(
        weights.expert(name + ".gate_proj", intermediate, hidden),
        weights.expert(name + ".up_proj", intermediate, hidden),
        weights.expert(name + ".down_proj", hidden, intermediate));
  }

  @Override
  public Expr forward(Expr x, ForwardContext context) {
    List<Expr> both = context.linears(List.of(gate, up), x); // [tokens, intermediate]
    Expr gated = both.get(0).apply(new SwiGlu(), both.get(1));
    return context.linear(down, gated);
  }
}
