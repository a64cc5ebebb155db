package dev.wick.lora.peft;

import dev.wick.lora.name.ModuleNames;
import dev.wick.lora.name.NamePattern;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What a {@link PeftConfig} says about single modules, with PEFT's rules for names. Thread-safe.
 *
 * <p>A module has the name that PEFT sees, for example {@code model.layers.3.self_attn.q_proj}.
 */
public final class TargetRules {
  private static final Pattern ANY_LIST = Pattern.compile(".*?\\.[^.]*\\.(\\d+)\\.");

  private final PeftConfig config;
  private final List<Pattern> layerLists = new ArrayList<>();
  private final List<Choice<Integer>> ranks;
  private final List<Choice<Double>> alphas;

  private record Choice<T>(NamePattern pattern, T value) {}

  /** The rules of a configuration. */
  public TargetRules(PeftConfig config) {
    this.config = config;
    this.ranks = choices(config.rankPattern());
    this.alphas = choices(config.alphaPattern());
    for (String list : config.layersPattern()) {
      layerLists.add(Pattern.compile(".*?\\." + list + "\\.(\\d+)\\."));
    }
    if (layerLists.isEmpty()) {
      layerLists.add(ANY_LIST);
    }
  }

  /**
   * Compiles all expressions of a configuration.
   *
   * @throws java.util.regex.PatternSyntaxException if one is none
   */
  static void check(PeftConfig config) {
    var _ = new TargetRules(config);
  }

  private static <T> List<Choice<T>> choices(Map<String, T> patterns) {
    List<Choice<T>> choices = new ArrayList<>();
    patterns.forEach((key, value) -> choices.add(new Choice<>(NamePattern.suffix(key), value)));
    return choices;
  }

  /** Whether the configuration adapts a module. */
  public boolean targets(String module) {
    if (config.excludeModules().filter(excluded -> excluded.selects(module)).isPresent()
        || isSaved(module)) {
      return false;
    }
    ModuleSelector targets = config.targetModules().orElse(null);
    if (targets == null || !targets.selects(module)) {
      return false;
    }
    return config.layersToTransform().isEmpty()
        || (targets instanceof ModuleSelector.Names names && names.names().contains(module))
        || config.layersToTransform().contains(layerOf(module));
  }

  /** Whether the configuration adapts a parameter that is no module's weight. */
  public boolean targetsParameter(String parameter) {
    for (String target : config.targetParameters()) {
      if (ModuleNames.endsWith(parameter, target)) {
        return true;
      }
    }
    return false;
  }

  /** Whether the adapter holds a module, or one that it is part of, whole. */
  public boolean isSaved(String module) {
    for (String saved : config.modulesToSave()) {
      if (module.equals(saved)
          || module.endsWith("." + saved)
          || module.startsWith(saved + ".")
          || module.contains("." + saved + ".")) {
        return true;
      }
    }
    return false;
  }

  /** Whether the configuration leaves it to the reader which modules are adapted. */
  public boolean isOpen() {
    return config.targetModules().isEmpty() && config.targetParameters().isEmpty();
  }

  private int layerOf(String module) {
    for (Pattern list : layerLists) {
      Matcher matcher = list.matcher(module);
      if (matcher.lookingAt() && matcher.group(1).length() < 10) {
        return Integer.parseInt(matcher.group(1));
      }
    }
    return -1;
  }

  /** The rank of a module or parameter. */
  public int rank(String name) {
    return first(ranks, name, config.r());
  }

  /** The alpha of a module or parameter. */
  public double alpha(String name) {
    return first(alphas, name, config.loraAlpha());
  }

  /** The factor on B · A of a module or parameter. */
  public float scale(String name) {
    int rank = rank(name);
    return (float) (alpha(name) / (config.useRslora() ? Math.sqrt(rank) : rank));
  }

  private static <T> T first(List<Choice<T>> choices, String name, T otherwise) {
    for (Choice<T> choice : choices) {
      if (choice.pattern().matches(name)) {
        return choice.value();
      }
    }
    return otherwise;
  }
}
