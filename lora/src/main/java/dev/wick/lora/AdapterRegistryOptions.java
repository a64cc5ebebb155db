package dev.wick.lora;

import dev.wick.lora.peft.BaseWeights;
import java.util.Optional;

/**
 * Limits of an {@link AdapterRegistry}.
 *
 * @param byteBudget most bytes of adapters in memory; beyond it the least recently used are evicted
 * @param versionsKept versions kept of each name, the current one included: one more than can be
 *     rolled back
 * @param base the model against which adapters are checked when they are loaded
 */
public record AdapterRegistryOptions(
    long byteBudget, int versionsKept, Optional<BaseWeights> base) {
  /** No limit to memory, two versions of each name, no check against a model. */
  public static final AdapterRegistryOptions DEFAULT =
      new AdapterRegistryOptions(Long.MAX_VALUE / 2, 2, Optional.empty());

  public AdapterRegistryOptions {
    if (byteBudget < 1 || versionsKept < 1) {
      throw new IllegalArgumentException(
          "adapters: expected a budget and versions of at least 1, got %d and %d"
              .formatted(byteBudget, versionsKept));
    }
  }

  /** These options with another budget. */
  public AdapterRegistryOptions withByteBudget(long bytes) {
    return new AdapterRegistryOptions(bytes, versionsKept, base);
  }

  /** These options with another number of versions. */
  public AdapterRegistryOptions withVersionsKept(int versions) {
    return new AdapterRegistryOptions(byteBudget, versions, base);
  }

  /** These options with a model to check against. */
  public AdapterRegistryOptions withBase(BaseWeights weights) {
    return new AdapterRegistryOptions(byteBudget, versionsKept, Optional.of(weights));
  }
}
