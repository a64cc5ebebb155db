package dev.wick.models.qwen;

import java.util.Optional;

/** The architectures, by {@code model_type}, and the defaults in which they differ. */
enum QwenFamily {
  QWEN2("qwen2", true, false, false),
  QWEN2_MOE("qwen2_moe", true, false, true),
  QWEN3("qwen3", false, true, false),
  QWEN3_MOE("qwen3_moe", false, true, true);

  private final String modelType;
  private final boolean biasByDefault;
  private final boolean queryKeyNorm;
  private final boolean mixtureOfExperts;

  QwenFamily(
      String modelType, boolean biasByDefault, boolean queryKeyNorm, boolean mixtureOfExperts) {
    this.modelType = modelType;
    this.biasByDefault = biasByDefault;
    this.queryKeyNorm = queryKeyNorm;
    this.mixtureOfExperts = mixtureOfExperts;
  }

  static Optional<QwenFamily> of(String modelType) {
    for (QwenFamily family : values()) {
      if (family.modelType.equals(modelType)) {
        return Optional.of(family);
      }
    }
    return Optional.empty();
  }

  String modelType() {
    return modelType;
  }

  /** Whether query, key and value projections have a bias when the configuration is silent. */
  boolean biasByDefault() {
    return biasByDefault;
  }

  /** Whether queries and keys are normalised per head. */
  boolean queryKeyNorm() {
    return queryKeyNorm;
  }

  boolean mixtureOfExperts() {
    return mixtureOfExperts;
  }
}
