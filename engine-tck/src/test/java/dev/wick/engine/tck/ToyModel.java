package dev.wick.engine.tck;

import dev.wick.engine.Engine;
import dev.wick.engine.Tensor;
import dev.wick.engine.TensorScope;
import dev.wick.engine.model.ForwardContext;
import dev.wick.engine.model.ForwardPass;
import dev.wick.engine.model.KvCache;
import dev.wick.engine.model.Linear;
import dev.wick.engine.model.ModelInfo;
import dev.wick.engine.model.Parameter;
import dev.wick.engine.model.StepRunner;
import dev.wick.engine.op.Expr;
import dev.wick.engine.op.Unary;
import dev.wick.engine.tensor.DType;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
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
  private final Map<String, float[]> values;
  private final Parameter embedding;
  private final Tensor frequencies;
  private final Parameter norm;
  private final Linear head;
  private final List<List<Linear>> layers = new ArrayList<>();
  private final List<Linear> linears = new ArrayList<>();
  private final List<Parameter> parameters = new ArrayList<>();
  private final int window;
  private final int headDim;
  final ModelInfo info;
  final KvCache cache;
  final StepRunner runner;

  ToyModel(Engine engine, int kvTokens, int window) {
    this(engine, kvTokens, window, Map.of());
  }

  /** A model with other values of some parameters. */
  ToyModel(Engine engine, int kvTokens, int window, Map<String, float[]> values) {
    this(engine, kvTokens, window, values, HEAD_DIM, DType.F32);
  }

  /** A model whose heads are as large as a block of Q8_0. */
  static ToyModel wide(Engine engine, int kvTokens, int window, DType kvDType) {
    return new ToyModel(engine, kvTokens, window, Map.of(), 32, kvDType);
  }

  private ToyModel(
      Engine engine,
      int kvTokens,
      int window,
      Map<String, float[]> values,
      int headDim,
      DType kvDType) {
    this.values = values;
    this.headDim = headDim;
    this.scope = engine.newScope();
    this.window = window;
    SplittableRandom random = new SplittableRandom(7);
    this.embedding = parameter(random, "embed.weight", VOCABULARY, HIDDEN);
    float[] angles = new float[headDim / 2];
    for (int i = 0; i < angles.length; i++) {
      angles[i] = i == 0 ? 1 : i == 1 ? 0.3f : 0.01f;
    }
    this.frequencies = scope.tensor(angles, 1, angles.length);
    float[] ones = new float[HIDDEN];
    Arrays.fill(ones, 1);
    float[] norms = values.getOrDefault("norm.weight", ones);
    this.norm = new Parameter("norm.weight", scope.tensor(norms, HIDDEN));
    parameters.add(norm);
    this.head = new Linear("head", embedding, Optional.empty());
    linears.add(head);
    for (int layer = 0; layer < LAYERS; layer++) {
      layers.add(
          List.of(
              linear(random, layer + ".q", HEADS * headDim, HIDDEN),
              linear(random, layer + ".k", KV_HEADS * headDim, HIDDEN),
              linear(random, layer + ".v", KV_HEADS * headDim, HIDDEN),
              linear(random, layer + ".o", HIDDEN, HEADS * headDim)));
    }
    this.cache = new KvCache(engine, kvTokens, keptLayers(headDim), kvDType);
    this.info = new ModelInfo("toy", "toy", VOCABULARY, HIDDEN, LAYERS, CONTEXT, List.of(0), 0, 0);
    this.runner = new StepRunner(engine, info, cache, this);
  }

  static List<KvCache.Layer> keptLayers() {
    return keptLayers(HEAD_DIM);
  }

  static List<KvCache.Layer> keptLayers(int headDim) {
    return Collections.nCopies(LAYERS, new KvCache.Layer(KV_HEADS, headDim, headDim));
  }

  private Linear linear(SplittableRandom random, String name, int out, int in) {
    Linear linear =
        new Linear(name, parameter(random, name + ".weight", out, in), Optional.empty());
    linears.add(linear);
    return linear;
  }

  private Parameter parameter(SplittableRandom random, String name, int rows, int columns) {
    float[] elements = new float[rows * columns];
    for (int i = 0; i < elements.length; i++) {
      elements[i] = (float) (random.nextGaussian() / Math.sqrt(columns));
    }
    float[] used = values.getOrDefault(name, elements);
    Parameter parameter = new Parameter(name, scope.tensor(used, rows, columns));
    parameters.add(parameter);
    return parameter;
  }

  @Override
  public Expr hidden(ForwardContext context) {
    Expr positions = context.positions();
    long tokens = positions.extent(0);
    Expr angles = positions.cast(DType.F32).reshape(tokens, 1).mul(frequencies);
    Expr cos = angles.unary(Unary.Kind.COS);
    Expr sin = angles.unary(Unary.Kind.SIN);
    Expr x = context.embed(embedding); // [tokens, hidden]
    context.observe("embed", x);
    for (int layer = 0; layer < LAYERS; layer++) {
      List<Linear> w = layers.get(layer);
      Expr h = context.rmsNorm(x, norm, 1e-6f);
      Expr q = context.linear(w.get(0), h).reshape(tokens, HEADS, headDim).rope(cos, sin);
      Expr k = context.linear(w.get(1), h).reshape(tokens, KV_HEADS, headDim).rope(cos, sin);
      Expr v = context.linear(w.get(2), h).reshape(tokens, KV_HEADS, headDim);
      Expr attended = context.attend(layer, q, k, v, (float) (1 / Math.sqrt(headDim)), window);
      Expr mixed = attended.reshape(tokens, (long) HEADS * headDim);
      x = x.add(context.linear(w.get(3), mixed));
      context.observe("layer." + layer, x);
    }
    return x;
  }

  @Override
  public Expr logits(ForwardContext context, Expr hidden) {
    return context.linear(head, hidden);
  }

  @Override
  public List<Linear> linears() {
    return linears;
  }

  @Override
  public List<Parameter> parameters() {
    return parameters;
  }

  @Override
  public void close() {
    runner.close();
    scope.close();
  }
}
