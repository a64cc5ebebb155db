package dev.wick.models.qwen;

import dev.wick.engine.model.ForwardContext;
import dev.wick.engine.model.Linear;
import dev.wick.engine.model.Weights;
import dev.wick.engine.op.Expr;
import dev.wick.engine.op.SwiGlu;
import dev.wick.engine.op.Unary;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;

/**
 * A mixture of experts (Shazeer et al. 2017, arXiv:1701.06538): a router sends each token to a few
 * gated feed-forward layers and adds their results, weighted; Qwen2 adds one that all tokens visit.
 */
record SparseMoe(
    MoeConfig config,
    Linear router,
    List<DenseMlp> experts,
    Optional<DenseMlp> sharedExpert,
    Optional<Linear> sharedExpertGate)
    implements FeedForward {

  static SparseMoe load(MoeConfig config, String name, long hidden, Weights weights)
      throws IOException {
    List<DenseMlp> experts = new ArrayList<>();
    Linear router = weights.router(name + ".gate", config.numExperts(), hidden);
    for (int i = 0; i < config.numExperts(); i++) {
      experts.add(
          DenseMlp.loadExpert(
              name + ".experts." + i, hidden, config.moeIntermediateSize(), weights));
    }
    if (config.sharedExpertIntermediateSize() == 0) {
      return new SparseMoe(config, router, experts, Optional.empty(), Optional.empty());
    }
    String shared = name + ".shared_expert";
    return new SparseMoe(
        config,
        router,
        experts,
        Optional.of(DenseMlp.load(shared, hidden, config.sharedExpertIntermediateSize(), weights)),
        Optional.of(weights.router(name + ".shared_expert_gate", 1, hidden)));
  }

  @Override
  public Expr forward(Expr x, ForwardContext context) {
    long tokens = x.extent(0);
    long hidden = x.extent(1);
    long slots = config.numExpertsPerTok();
    List<Expr> top = context.linear(router, x).softmax().topK(config.numExpertsPerTok());
    Expr share = top.get(0); // [tokens, slots]
    Expr chosen = top.get(1);
    if (config.normTopkProb()) {
      share = share.div(share.sum(-1));
    }
    Expr input = x.reshape(tokens, 1, hidden);
    Expr gate =
        context.experts(
            projections(DenseMlp::gate), input, chosen); // [tokens, slots, intermediate]
    Expr up = context.experts(projections(DenseMlp::up), input, chosen);
    Expr gated = gate.apply(new SwiGlu(), up);
    Expr y = context.experts(projections(DenseMlp::down), gated, chosen); // [tokens, slots, hidden]
    Expr mixed = share.reshape(tokens, 1, slots).matMul(y).reshape(tokens, hidden);
    return sharedExpert.isPresent() ? mixed.add(shared(x, context)) : mixed;
  }

  private Expr shared(Expr x, ForwardContext context) {
    Expr open =
        context.linear(sharedExpertGate.orElseThrow(), x).unary(Unary.Kind.SIGMOID); // [tokens, 1]
    return sharedExpert.orElseThrow().forward(x, context).mul(open);
  }

  private List<Linear> projections(Function<DenseMlp, Linear> projection) {
    return experts.stream().map(projection).toList();
  }
}
