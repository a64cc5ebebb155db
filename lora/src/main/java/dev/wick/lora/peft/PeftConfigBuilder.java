package dev.wick.lora.peft;

import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Collects the settings of a {@link PeftConfig}; see there for what they mean. */
public final class PeftConfigBuilder {
  private int r;
  private double loraAlpha;
  private double loraDropout;
  private boolean useRslora;
  private boolean useDora;
  private boolean loraBias;
  private PeftConfig.Bias bias = PeftConfig.Bias.NONE;
  private Optional<ModuleSelector> targetModules = Optional.empty();
  private Optional<ModuleSelector> excludeModules = Optional.empty();
  private List<String> targetParameters = List.of();
  private List<Integer> layersToTransform = List.of();
  private List<String> layersPattern = List.of();
  private Map<String, Integer> rankPattern = Map.of();
  private Map<String, Double> alphaPattern = Map.of();
  private List<String> modulesToSave = List.of();
  private boolean ensureWeightTying;
  private Optional<String> baseModel = Optional.empty();
  private Map<String, Object> source = Map.of();

  PeftConfigBuilder(int r, double loraAlpha) {
    this.r = r;
    this.loraAlpha = loraAlpha;
  }

  PeftConfigBuilder(PeftConfig config) {
    this(config.r(), config.loraAlpha());
    this.loraDropout = config.loraDropout();
    this.useRslora = config.useRslora();
    this.useDora = config.useDora();
    this.loraBias = config.loraBias();
    this.bias = config.bias();
    this.targetModules = config.targetModules();
    this.excludeModules = config.excludeModules();
    this.targetParameters = config.targetParameters();
    this.layersToTransform = config.layersToTransform();
    this.layersPattern = config.layersPattern();
    this.rankPattern = config.rankPattern();
    this.alphaPattern = config.alphaPattern();
    this.modulesToSave = config.modulesToSave();
    this.ensureWeightTying = config.ensureWeightTying();
    this.baseModel = config.baseModel();
    this.source = config.source();
  }

  /** Sets the rank. */
  public PeftConfigBuilder r(int value) {
    this.r = value;
    return this;
  }

  /** Sets alpha. */
  public PeftConfigBuilder loraAlpha(double value) {
    this.loraAlpha = value;
    return this;
  }

  /** Sets the dropout probability. */
  public PeftConfigBuilder loraDropout(double value) {
    this.loraDropout = value;
    return this;
  }

  /** Sets whether scales are rank-stabilised. */
  public PeftConfigBuilder useRslora(boolean value) {
    this.useRslora = value;
    return this;
  }

  /** Sets whether weights are decomposed. */
  public PeftConfigBuilder useDora(boolean value) {
    this.useDora = value;
    return this;
  }

  /** Sets whether B has a bias. */
  public PeftConfigBuilder loraBias(boolean value) {
    this.loraBias = value;
    return this;
  }

  /** Sets which biases of the base are replaced. */
  public PeftConfigBuilder bias(PeftConfig.Bias value) {
    this.bias = value;
    return this;
  }

  /** Sets the adapted modules by the ends of their names, or all with {@code "all-linear"}. */
  public PeftConfigBuilder targetModules(String... names) {
    return targetModules(ModuleSelector.of(List.of(names)));
  }

  /** Sets the adapted modules. */
  public PeftConfigBuilder targetModules(ModuleSelector value) {
    this.targetModules = Optional.of(value);
    return this;
  }

  /** Sets the modules that are not adapted. */
  public PeftConfigBuilder excludeModules(ModuleSelector value) {
    this.excludeModules = Optional.of(value);
    return this;
  }

  /** Sets the adapted parameters. */
  public PeftConfigBuilder targetParameters(List<String> value) {
    this.targetParameters = value;
    return this;
  }

  /** Sets the adapted layers. */
  public PeftConfigBuilder layersToTransform(List<Integer> value) {
    this.layersToTransform = value;
    return this;
  }

  /** Sets the names of the lists of layers. */
  public PeftConfigBuilder layersPattern(List<String> value) {
    this.layersPattern = value;
    return this;
  }

  /** Sets the ranks of some modules; the order of the map counts. */
  public PeftConfigBuilder rankPattern(Map<String, Integer> value) {
    this.rankPattern = value;
    return this;
  }

  /** Sets the alphas of some modules; the order of the map counts. */
  public PeftConfigBuilder alphaPattern(Map<String, Double> value) {
    this.alphaPattern = value;
    return this;
  }

  /** Sets the modules that are held whole. */
  public PeftConfigBuilder modulesToSave(List<String> value) {
    this.modulesToSave = value;
    return this;
  }

  /** Sets whether tied weights stay tied. */
  public PeftConfigBuilder ensureWeightTying(boolean value) {
    this.ensureWeightTying = value;
    return this;
  }

  /** Sets the name or path of the base model. */
  public PeftConfigBuilder baseModel(String value) {
    this.baseModel = Optional.of(value);
    return this;
  }

  /** Sets the keys of the file it was read from. */
  public PeftConfigBuilder source(Map<String, Object> value) {
    this.source = value;
    return this;
  }

  /**
   * The configuration.
   *
   * @throws IllegalArgumentException if a setting is out of range or contradicts another
   */
  public PeftConfig build() {
    return new PeftConfig(
        r,
        loraAlpha,
        loraDropout,
        useRslora,
        useDora,
        loraBias,
        bias,
        targetModules,
        excludeModules,
        targetParameters,
        layersToTransform,
        layersPattern,
        rankPattern,
        alphaPattern,
        modulesToSave,
        ensureWeightTying,
        baseModel,
        source);
  }
}
