package dev.wick.lora.training;

import dev.wick.engine.Engine;
import dev.wick.engine.Tensor;
import dev.wick.engine.TensorScope;
import dev.wick.engine.model.Adapter;
import dev.wick.engine.model.ForwardContext;
import dev.wick.engine.model.ForwardPass;
import dev.wick.engine.model.KvPool;
import dev.wick.engine.model.LanguageModel;
import dev.wick.engine.model.Linear;
import dev.wick.engine.model.ModelInfo;
import dev.wick.engine.model.Parameter;
import dev.wick.engine.model.StepBatch;
import dev.wick.engine.model.StepOutput;
import dev.wick.engine.op.Expr;
import dev.wick.engine.op.SwiGlu;
import dev.wick.engine.tensor.DType;
import dev.wick.engine.tensor.HostTensor;
import dev.wick.engine.tensor.Quantization;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;

/** Two blocks of attention and a gated layer, with random weights: enough to be trained. */
public final class ToyModel implements LanguageModel, ForwardPass {
  public static final int VOCABULARY = 29;
  private static final int HEADS = 2;
  private static final int LAYERS = 2;

  private final Engine engine;
  private final TensorScope scope;
  private final List<Linear> linears = new ArrayList<>();
  private final List<Parameter> parameters = new ArrayList<>();
  private final Parameter embedding;
  private final Parameter norm;
  private final Linear head;
  private final int hidden;
  private final Optional<DType> stored;
  private final boolean widened;

  public ToyModel(Engine engine) {
    this(engine, 16, Optional.empty(), false);
  }

  /**
   * A model of another width.
   *
   * @param stored the quantised type of its matrices
   * @param widened whether they are expanded to F32 after that
   */
  ToyModel(Engine engine, int hidden, Optional<DType> stored, boolean widened) {
    this.engine = engine;
    this.hidden = hidden;
    this.stored = stored;
    this.widened = widened;
    this.scope = engine.newScope();
    SplittableRandom random = new SplittableRandom(5);
    embedding = parameter(random, "model.embed_tokens.weight", VOCABULARY, hidden);
    float[] ones = new float[hidden];
    Arrays.fill(ones, 1);
    norm = new Parameter("model.norm.weight", scope.tensor(ones, hidden));
    parameters.add(norm);
    for (int layer = 0; layer < LAYERS; layer++) {
      for (String name : List.of("q_proj", "k_proj", "v_proj", "o_proj", "gate", "up", "down")) {
        linear(random, "model.layers." + layer + "." + name);
      }
    }
    head = new Linear("lm_head", embedding, Optional.empty());
    linears.add(head);
  }

  private void linear(SplittableRandom random, String name) {
    Parameter weight = parameter(random, name + ".weight", hidden, hidden);
    Parameter bias = parameter(random, name + ".bias", 1, hidden);
    linears.add(new Linear(name, weight, Optional.of(bias)));
  }

  private Parameter parameter(SplittableRandom random, String name, int rows, int columns) {
    float[] elements = new float[rows * columns];
    for (int i = 0; i < elements.length; i++) {
      elements[i] = (float) (random.nextGaussian() / Math.sqrt(columns));
    }
    Parameter parameter =
        new Parameter(
            name, rows == 1 ? scope.tensor(elements, columns) : matrix(elements, rows, columns));
    parameters.add(parameter);
    return parameter;
  }

  private Tensor matrix(float[] elements, int rows, int columns) {
    HostTensor floats = HostTensor.of(elements, rows, columns);
    if (stored.isEmpty()) {
      return scope.tensor(elements, rows, columns);
    }
    HostTensor blocks = Quantization.quantize(floats, stored.get(), Arena.ofAuto());
    return widened
        ? scope.tensor(blocks.toFloatArray(), rows, columns)
        : scope.wrap(blocks.data(), blocks.spec());
  }

  @Override
  public Expr hidden(ForwardContext context) {
    Expr x = context.embed(embedding);
    for (int layer = 0; layer < LAYERS; layer++) {
      List<Linear> own = linears.subList(7 * layer, 7 * layer + 7);
      int index = layer;
      x = context.block(x, h -> block(context, own, index, h));
    }
    return context.rmsNorm(x, norm, 1e-6f);
  }

  private Expr block(ForwardContext context, List<Linear> own, int layer, Expr x) {
    long tokens = x.extent(0);
    Expr q = context.linear(own.get(0), x).reshape(tokens, HEADS, hidden / HEADS);
    Expr k = context.linear(own.get(1), x).reshape(tokens, HEADS, hidden / HEADS);
    Expr v = context.linear(own.get(2), x).reshape(tokens, HEADS, hidden / HEADS);
    Expr mixed = context.attend(layer, q, k, v, 0.35f, 0).reshape(tokens, hidden);
    Expr y = x.add(context.linear(own.get(3), mixed));
    Expr gated = context.linear(own.get(4), y).apply(new SwiGlu(), context.linear(own.get(5), y));
    return y.add(context.linear(own.get(6), gated));
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
  public ModelInfo info() {
    return new ModelInfo("toy", "toy", VOCABULARY, hidden, LAYERS, 64, List.of(0), 0, 0);
  }

  @Override
  public Engine engine() {
    return engine;
  }

  @Override
  public ForwardPass forwardPass() {
    return this;
  }

  @Override
  public KvPool kvPool() {
    throw new UnsupportedOperationException("toy");
  }

  @Override
  public void step(StepBatch batch, StepOutput output) {
    throw new UnsupportedOperationException("toy");
  }

  @Override
  public Map<String, float[]> hiddenStates(StepBatch batch) {
    throw new UnsupportedOperationException("toy");
  }

  @Override
  public void apply(Adapter adapter) {
    throw new UnsupportedOperationException("toy");
  }

  @Override
  public void remove() {
    throw new UnsupportedOperationException("toy");
  }

  @Override
  public boolean hasAdapter() {
    return false;
  }

  @Override
  public Optional<Adapter> current() {
    return Optional.empty();
  }

  @Override
  public void close() {
    scope.close();
  }
}
