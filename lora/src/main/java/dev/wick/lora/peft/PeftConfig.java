package dev.wick.lora.peft;

import dev.wick.formats.file.FormatException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/**
 * The configuration of a LoRA adapter as PEFT's {@code adapter_config.json} has it.
 *
 * @param r rank where {@code rankPattern} says nothing else
 * @param loraAlpha alpha where {@code alphaPattern} says nothing else
 * @param loraDropout probability with which training drops an input
 * @param useRslora whether the scale is alpha / sqrt(rank) (Kalajdzievski 2023, arXiv:2312.03732)
 *     instead of alpha / rank
 * @param useDora whether weights are decomposed (Liu et al. 2024, arXiv:2402.09353)
 * @param loraBias whether B has a bias
 * @param bias which biases of the base the adapter replaces
 * @param targetModules which modules are adapted; empty if the file leaves it to the reader
 * @param excludeModules which of them are not
 * @param targetParameters parameters that are adapted though they are no module, such as {@code
 *     mlp.experts.gate_up_proj}
 * @param layersToTransform indices of the layers to which {@code targetModules} is limited; empty
 *     for all
 * @param layersPattern names of the lists of layers that the indices count; empty for any
 * @param rankPattern ranks by the end of a module's name, an expression; the first match counts
 * @param alphaPattern alphas in the same way
 * @param modulesToSave modules that the adapter holds whole
 * @param ensureWeightTying whether what replaces a tied weight replaces both of its uses
 * @param baseModel name or path of the model it was trained on
 * @param source all keys of the file it was read from, so that writing keeps those that mean
 *     nothing here and the spelling of the others
 */
public record PeftConfig(
    int r,
    double loraAlpha,
    double loraDropout,
    boolean useRslora,
    boolean useDora,
    boolean loraBias,
    Bias bias,
    Optional<ModuleSelector> targetModules,
    Optional<ModuleSelector> excludeModules,
    List<String> targetParameters,
    List<Integer> layersToTransform,
    List<String> layersPattern,
    Map<String, Integer> rankPattern,
    Map<String, Double> alphaPattern,
    List<String> modulesToSave,
    boolean ensureWeightTying,
    Optional<String> baseModel,
    Map<String, Object> source) {

  /** Name of the file in an adapter's folder. */
  public static final String FILE_NAME = "adapter_config.json";

  /** Which biases of the base model an adapter replaces. */
  public enum Bias {
    NONE,
    ALL,
    /** Those of adapted modules. */
    LORA_ONLY
  }

  public PeftConfig {
    targetParameters = List.copyOf(targetParameters);
    layersToTransform = List.copyOf(layersToTransform);
    layersPattern = List.copyOf(layersPattern);
    rankPattern = ordered(rankPattern);
    alphaPattern = ordered(alphaPattern);
    modulesToSave = List.copyOf(modulesToSave);
    source = ordered(source);
    Objects.requireNonNull(bias, "bias");
    require(r >= 1, "r", "at least 1", r);
    require(Double.isFinite(loraAlpha), "lora_alpha", "a finite number", loraAlpha);
    require(
        loraDropout >= 0 && loraDropout < 1, "lora_dropout", "0 <= probability < 1", loraDropout);
    for (Map.Entry<String, Integer> entry : rankPattern.entrySet()) {
      require(entry.getValue() >= 1, "rank_pattern", "ranks of at least 1", entry);
    }
    for (Map.Entry<String, Double> entry : alphaPattern.entrySet()) {
      require(Double.isFinite(entry.getValue()), "alpha_pattern", "finite numbers", entry);
    }
    require(!(useDora && loraBias), "lora_bias", "false with use_dora", true);
    boolean byName = targetModules.filter(m -> !(m instanceof ModuleSelector.Names)).isEmpty();
    require(
        byName || layersToTransform.isEmpty(),
        "layers_to_transform",
        "none, as target_modules is no list",
        layersToTransform);
    require(
        layersPattern.isEmpty() || !layersToTransform.isEmpty(),
        "layers_pattern",
        "none without layers_to_transform",
        layersPattern);
  }

  private static <V> Map<String, V> ordered(Map<String, V> map) {
    return Collections.unmodifiableMap(new LinkedHashMap<>(map));
  }

  private static void require(boolean holds, String key, String expected, Object got) {
    if (!holds) {
      throw new IllegalArgumentException("%s: expected %s, got %s".formatted(key, expected, got));
    }
  }

  /**
   * Reads a file.
   *
   * @throws FormatException if it is no configuration of a LoRA adapter, or one that asks for what
   *     is not supported here; the message names the key
   * @throws IOException if it cannot be read
   */
  public static PeftConfig read(Path file) throws IOException {
    return PeftConfigReader.read(file);
  }

  /**
   * Writes a file as PEFT does: all keys of PEFT 0.21 and the unknown keys of {@link #source},
   * sorted.
   *
   * @throws IOException if it cannot be written; the old file is then untouched
   */
  public void write(Path file) throws IOException {
    PeftConfigWriter.write(this, file);
  }

  /** A configuration of plain LoRA, to be refined. */
  public static PeftConfigBuilder builder(int r, double loraAlpha) {
    return new PeftConfigBuilder(r, loraAlpha);
  }

  /** This configuration, to be changed. */
  public PeftConfigBuilder toBuilder() {
    return new PeftConfigBuilder(this);
  }
}
