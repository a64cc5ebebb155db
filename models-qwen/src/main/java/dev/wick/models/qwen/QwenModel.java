package dev.wick.models.qwen;

import dev.wick.engine.Engine;
import dev.wick.engine.TensorScope;
import dev.wick.engine.model.Adapter;
import dev.wick.engine.model.ForwardPass;
import dev.wick.engine.model.KvCache;
import dev.wick.engine.model.KvPool;
import dev.wick.engine.model.LanguageModel;
import dev.wick.engine.model.LoadOptions;
import dev.wick.engine.model.ModelInfo;
import dev.wick.engine.model.ModelSource;
import dev.wick.engine.model.StepBatch;
import dev.wick.engine.model.StepOutput;
import dev.wick.engine.model.StepRunner;
import dev.wick.engine.model.Weights;
import java.io.IOException;
import java.util.Collections;
import java.util.Map;
import java.util.Optional;

/** A Qwen model on a device: its decoder, its key-value cache and the runner of its steps. */
final class QwenModel implements LanguageModel {
  private final ModelInfo info;
  private final Engine engine;
  private final QwenDecoder decoder;
  private final TensorScope scope;
  private final KvCache cache;
  private final StepRunner runner;

  private QwenModel(
      ModelInfo info,
      Engine engine,
      TensorScope scope,
      QwenDecoder decoder,
      KvCache cache,
      StepRunner runner) {
    this.info = info;
    this.engine = engine;
    this.decoder = decoder;
    this.scope = scope;
    this.cache = cache;
    this.runner = runner;
  }

  static QwenModel load(QwenConfig config, ModelSource source, Engine engine, LoadOptions options)
      throws IOException {
    TensorScope scope = engine.newScope();
    try {
      Weights weights = new Weights(source, engine, scope, options);
      QwenDecoder decoder = QwenDecoder.load(config, weights, scope);
      int contextLength =
          options.contextLength() == 0
              ? config.maxPositionEmbeddings()
              : Math.min(options.contextLength(), config.maxPositionEmbeddings());
      ModelInfo info =
          new ModelInfo(
              source.location(),
              config.family().modelType(),
              config.vocabSize(),
              config.hiddenSize(),
              config.numHiddenLayers(),
              contextLength,
              config.eosTokenIds(),
              decoder.size(),
              weights.bytes());
      int kvTokens =
          options.kvTokens() == 0
              ? Math.min(contextLength, LoadOptions.DEFAULT_KV_TOKENS)
              : options.kvTokens();
      KvCache.Layer layer =
          new KvCache.Layer(config.numKeyValueHeads(), config.headDim(), config.headDim());
      KvCache cache =
          new KvCache(
              engine,
              kvTokens,
              Collections.nCopies(config.numHiddenLayers(), layer),
              options.kvDType());
      StepRunner runner = new StepRunner(engine, info, cache, decoder, options.adapterBytes());
      return new QwenModel(info, engine, scope, decoder, cache, runner);
    } catch (IOException | RuntimeException e) {
      scope.close();
      throw e;
    }
  }

  @Override
  public ModelInfo info() {
    return info;
  }

  @Override
  public Engine engine() {
    return engine;
  }

  @Override
  public ForwardPass forwardPass() {
    return decoder;
  }

  @Override
  public KvPool kvPool() {
    return cache.pool();
  }

  @Override
  public void step(StepBatch batch, StepOutput output) {
    runner.step(batch, output);
  }

  @Override
  public Map<String, float[]> hiddenStates(StepBatch batch) {
    return runner.hiddenStates(batch);
  }

  @Override
  public void apply(Adapter adapter) {
    runner.apply(adapter);
  }

  @Override
  public void remove() {
    runner.remove();
  }

  @Override
  public boolean hasAdapter() {
    return runner.hasAdapter();
  }

  @Override
  public Optional<Adapter> current() {
    return runner.current();
  }

  @Override
  public void close() {
    runner.close();
    scope.close();
  }
}
