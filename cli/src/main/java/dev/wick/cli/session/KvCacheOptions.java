package dev.wick.cli.session;

import dev.wick.engine.tensor.DType;
import java.util.Locale;
import picocli.CommandLine.Option;

/** In which type keys and values of past tokens are kept. */
public final class KvCacheOptions {
  @Option(
      names = "--kv-cache",
      paramLabel = "TYPE",
      description = {
        "Type of the key-value cache: f32, or q8_0, which takes 27 %% of the memory and rounds keys"
            + " and values to eight bits; for heads of a multiple of 32 (default: f32)."
      })
  private String type = "f32";

  /** The type. */
  public DType type() {
    return switch (type.toLowerCase(Locale.ROOT)) {
      case "f32" -> DType.F32;
      case "q8_0", "q8" -> DType.Q8_0;
      default -> throw new UsageException("--kv-cache: expected f32 or q8_0, got '" + type + "'");
    };
  }
}
