import org.jspecify.annotations.NullMarked;

/**
 * The Qwen text models: qwen2, qwen2_moe, qwen3 and qwen3_moe.
 *
 * @provides dev.wick.engine.model.ModelProvider
 */
@NullMarked
module dev.wick.models.qwen {
  requires static org.jspecify;
  requires transitive dev.wick.engine;

  exports dev.wick.models.qwen;

  provides dev.wick.engine.model.ModelProvider with
      dev.wick.models.qwen.QwenModelProvider;
}
