package dev.wick.models.qwen;

import dev.wick.engine.Engine;
import dev.wick.engine.TensorScope;
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

/** A Qwen model on a device: its decoder, its key-value cache and the runner of its steps. */
final class QwenModel implements LanguageModel {
  private final ModelInfo info;
  private final TensorScope scope;
  private final KvCache cache;
  private final StepRunner runner;

  private QwenModel(ModelInfo info, TensorScope scope, KvCache cache, StepRunner runner) {
    this.info = info;
    this.scope = scope;
    this.cache = cache;
    this.runner = runner;
  }

  static QwenModel load(QwenConfig config, ModelSource source, Engine engine, LoadOptions options)
      throws IOException {
    TensorScope scope = engine.newScope();
    try {
      Weights weights = new Weights(source, engine, scope, options.listener());
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
              weights.parameters(),
              weights.bytes());
      int kvTokens =
          options.kvTokens() == 0
              ? Math.min(contextLength, LoadOptions.DEFAULT_KV_TOKENS)
              : options.kvTokens();
      KvCache.Layer layer =
          new KvCache.Layer(config.numKeyValueHeads(), config.headDim(), config.headDim());
      KvCache cache =
          new KvCache(engine, kvTokens, Collections.nCopies(config.numHiddenLayers(), layer));
      return new QwenModel(info, scope, cache, new StepRunner(engine, info, cache, decoder));
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
  public void close() {
    runner.close();
    scope.close();
  }
}
