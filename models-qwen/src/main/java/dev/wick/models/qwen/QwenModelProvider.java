package dev.wick.models.qwen;

import dev.wick.engine.Engine;
import dev.wick.engine.model.LanguageModel;
import dev.wick.engine.model.LoadOptions;
import dev.wick.engine.model.ModelProvider;
import dev.wick.engine.model.ModelSource;
import java.io.IOException;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Loads Qwen models from Hugging Face checkpoints. */
public final class QwenModelProvider implements ModelProvider {
  /** A provider; found by {@link java.util.ServiceLoader}. */
  public QwenModelProvider() {}

  @Override
  public Set<String> modelTypes() {
    return Stream.of(QwenFamily.values())
        .map(QwenFamily::modelType)
        .collect(Collectors.toUnmodifiableSet());
  }

  @Override
  public LanguageModel load(ModelSource source, Engine engine, LoadOptions options)
      throws IOException {
    QwenConfig config = QwenConfig.read(source);
    return QwenModel.load(config, source, engine, options);
  }
}
