package dev.wick.cli.session;

import dev.wick.engine.model.LoadOptions;
import dev.wick.engine.model.ModelInfo;
import dev.wick.engine.tensor.DType;
import dev.wick.engine.tensor.Quantization;
import java.util.Arrays;
import java.util.Locale;
import java.util.Map;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Which model is loaded, and how long its sequences may be. */
public final class ModelOptions {
  private static final Map<String, String> SHORT_NAMES = Map.of("q8", "q8_0", "q4", "q4_0");

  @Option(
      names = {"-m", "--model"},
      required = true,
      paramLabel = "DIR|FILE.gguf|HUBID[@REV][:FILE.gguf]",
      description = {
        "A model folder as Hugging Face publishes it, a GGUF file, or a hub id such as"
            + " Qwen/Qwen3-0.6B, which is downloaded once; of a repository of GGUF files one file"
            + " is named behind a colon."
      })
  private String model = "";

  @Option(
      names = "--context",
      paramLabel = "TOKENS",
      description = "Most tokens of prompt and answer together (default: the model's).")
  private int context;

  @Option(
      names = "--kv-tokens",
      paramLabel = "TOKENS",
      description =
          "Room in the key-value cache (default: the context, at most "
              + LoadOptions.DEFAULT_KV_TOKENS
              + ").")
  private int kvTokens;

  @Mixin private KvCacheOptions kvCache = new KvCacheOptions();

  @Option(
      names = "--quantize",
      paramLabel = "TYPE",
      description = {
        "Quantize the weights in memory as they are loaded: q8_0 (or q8), q6_k, q5_k, q5_1, q5_0,"
            + " q4_k, q4_1 or q4_0 (or q4). Embeddings are kept in q8_0 or better (default: as they"
            + " are stored)."
      })
  private String quantize = "";

  /** Options without a command line, for a folder that the program chose. */
  public static ModelOptions of(String model, int context, int kvTokens, KvCacheOptions kvCache) {
    ModelOptions options = new ModelOptions();
    options.kvCache = kvCache;
    options.model = model;
    options.context = context;
    options.kvTokens = kvTokens;
    return options;
  }

  /** The model, as the user named it. */
  public String model() {
    return model;
  }

  LoadOptions loadOptions() {
    requireNotNegative("--context", context);
    requireNotNegative("--kv-tokens", kvTokens);
    LoadOptions options =
        LoadOptions.DEFAULT
            .withContextLength(context)
            .withKvTokens(kvTokens)
            .withKvDType(kvCache.type());
    return quantize.isEmpty() ? options : options.withQuantize(type());
  }

  private DType type() {
    String name = SHORT_NAMES.getOrDefault(quantize.toLowerCase(Locale.ROOT), quantize);
    return Arrays.stream(DType.values())
        .filter(dtype -> Quantization.encodes(dtype) && dtype.name().equalsIgnoreCase(name))
        .findFirst()
        .orElseThrow(
            () ->
                new UsageException(
                    "--quantize: expected q8_0, q6_k, q5_k, q5_1, q5_0, q4_k, q4_1 or q4_0, got "
                        + quantize));
  }

  /** Complains about a context that the model was not made for. */
  void check(ModelInfo info) {
    if (context > info.contextLength()) {
      throw new UsageException(
          "--context: expected at most %d, for which %s was made, got %d"
              .formatted(info.contextLength(), info.location(), context));
    }
  }

  private static void requireNotNegative(String option, int value) {
    if (value < 0) {
      throw new UsageException(
          "%s: expected a number of tokens, or 0 for the default, got %d".formatted(option, value));
    }
  }
}
