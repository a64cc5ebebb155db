package dev.wick.engine.tck;

import dev.wick.engine.Engine;
import dev.wick.engine.Tensor;
import dev.wick.engine.TensorScope;
import dev.wick.engine.model.ForwardPass;
import dev.wick.engine.model.KvCache;
import dev.wick.engine.model.ModelInfo;
import dev.wick.engine.model.StepInputs;
import dev.wick.engine.model.StepRunner;
import dev.wick.engine.op.Expr;
import dev.wick.engine.op.Unary;
import dev.wick.engine.tensor.DType;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;

/** Two layers of attention with random weights: enough of a model for positions and caches. */
final class ToyModel implements ForwardPass, AutoCloseable {
  static final int VOCABULARY = 23;
  static final int CONTEXT = 150;
  private static final int HIDDEN = 16;
  private static final int HEADS = 4;
  private static final int KV_HEADS = 2;
  private static final int HEAD_DIM = 6;
  private static final int LAYERS = 2;

  private final TensorScope scope;
  private final Tensor embedding;
  private final Tensor frequencies;
  private final Tensor norm;
  private final List<List<Tensor>> layers = new ArrayList<>();
  private final int window;
  final KvCache cache;
  final StepRunner runner;

  ToyModel(Engine engine, int kvTokens, int window) {
    this.scope = engine.newScope();
    this.window = window;
    SplittableRandom random = new SplittableRandom(7);
    this.embedding = matrix(random, VOCABULARY, HIDDEN);
    this.frequencies = scope.tensor(new float[] {1, 0.3f, 0.01f}, 1, 3);
    this.norm = scope.tensor(new float[HIDDEN], HIDDEN);
    for (int layer = 0; layer < LAYERS; layer++) {
      layers.add(
          List.of(
              matrix(random, HIDDEN, HEADS * HEAD_DIM),
              matrix(random, HIDDEN, KV_HEADS * HEAD_DIM),
              matrix(random, HIDDEN, KV_HEADS * HEAD_DIM),
              matrix(random, HEADS * HEAD_DIM, HIDDEN)));
    }
    List<KvCache.Layer> kept = new ArrayList<>();
    for (int layer = 0; layer < LAYERS; layer++) {
      kept.add(new KvCache.Layer(KV_HEADS, HEAD_DIM, HEAD_DIM));
    }
    this.cache = new KvCache(engine, kvTokens, kept);
    ModelInfo info =
        new ModelInfo("toy", "toy", VOCABULARY, HIDDEN, LAYERS, CONTEXT, List.of(0), 0, 0);
    this.runner = new StepRunner(engine, info, cache, this);
  }

  private Tensor matrix(SplittableRandom random, int rows, int columns) {
    float[] elements = new float[rows * columns];
    for (int i = 0; i < elements.length; i++) {
      elements[i] = (float) (random.nextGaussian() / Math.sqrt(rows));
    }
    return scope.tensor(elements, rows, columns);
  }

  @Override
  public Expr hidden(StepInputs inputs) {
    Expr positions = inputs.positions();
    long tokens = positions.extent(0);
    Expr angles = positions.cast(DType.F32).reshape(tokens, 1).mul(frequencies);
    Expr cos = angles.unary(Unary.Kind.COS);
    Expr sin = angles.unary(Unary.Kind.SIN);
    Expr x = embedding.gather(inputs.tokens()); // [tokens, hidden]
    inputs.observe("embed", x);
    for (int layer = 0; layer < LAYERS; layer++) {
      List<Tensor> w = layers.get(layer);
      Expr h = x.rmsNorm(norm.add(1), 1e-6f);
      Expr q = h.matMul(w.get(0)).reshape(tokens, HEADS, HEAD_DIM).rope(cos, sin);
      Expr k = h.matMul(w.get(1)).reshape(tokens, KV_HEADS, HEAD_DIM).rope(cos, sin);
      Expr v = h.matMul(w.get(2)).reshape(tokens, KV_HEADS, HEAD_DIM);
      Expr attended = inputs.attend(layer, q, k, v, (float) (1 / Math.sqrt(HEAD_DIM)), window);
      x = x.add(attended.reshape(tokens, (long) HEADS * HEAD_DIM).matMul(w.get(3)));
      inputs.observe("layer." + layer, x);
    }
    return x;
  }

  @Override
  public Expr logits(Expr hidden) {
    return hidden.matMul(embedding.transpose(0, 1));
  }

  @Override
  public void close() {
    runner.close();
    scope.close();
  }
}
