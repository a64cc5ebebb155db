package dev.wick.lora.peft;

import dev.wick.formats.JsonFile;
import dev.wick.formats.file.FormatException;
import dev.wick.lora.name.NamePattern;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.PatternSyntaxException;
import org.jspecify.annotations.Nullable;

/** Reads {@code adapter_config.json} and says no to what would silently change the numbers. */
final class PeftConfigReader {
  /** Ways of initialising that take the adapter's first value out of the base model's weights. */
  private static final Set<String> CHANGES_BASE = Set.of("olora", "corda", "lora_ga", "loftq");

  /** Keys that must not be set, and what they would mean. */
  private static final Map<String, String> UNSUPPORTED =
      Map.of(
          "alora_invocation_tokens", "activated LoRA",
          "arrow_config", "Arrow routing",
          "kasa_config", "KaSA, which changes the base model",
          "layer_replication", "repeated layers",
          "megatron_config", "Megatron's parallel layers",
          "monteclora_config", "MonteCLoRA's sampled weights",
          "trainable_token_indices", "trained tokens",
          "use_bdlora", "block-diagonal LoRA",
          "use_qalora", "QALoRA's pooled inputs");

  private final Path file;
  private final Map<String, Object> keys;

  private PeftConfigReader(Path file, Map<String, Object> content) {
    this.file = file;
    this.keys = content;
  }

  static PeftConfig read(Path file) throws IOException {
    var reader = new PeftConfigReader(file, JsonFile.readObject(file));
    try {
      PeftConfig config = reader.config();
      TargetRules.check(config);
      return config;
    } catch (PatternSyntaxException e) {
      throw new FormatException(
          file,
          "expected a regular expression, got '%s': %s"
              .formatted(e.getPattern(), e.getDescription()),
          e);
    } catch (IllegalArgumentException e) {
      throw new FormatException(file, String.valueOf(e.getMessage()), e);
    }
  }

  private PeftConfig config() throws IOException {
    requireLora();
    requireSupported();
    PeftConfigBuilder builder =
        PeftConfig.builder(integer("r", 8), number("lora_alpha", 8))
            .loraDropout(number("lora_dropout", 0))
            .useRslora(flag("use_rslora"))
            .useDora(flag("use_dora"))
            .loraBias(flag("lora_bias"))
            .ensureWeightTying(flag("ensure_weight_tying"))
            .bias(bias())
            .targetParameters(strings("target_parameters"))
            .layersToTransform(integers("layers_to_transform"))
            .layersPattern(strings("layers_pattern"))
            .modulesToSave(strings("modules_to_save"))
            .rankPattern(ranks())
            .alphaPattern(alphas());
    selector("target_modules").ifPresent(builder::targetModules);
    selector("exclude_modules").ifPresent(builder::excludeModules);
    Object base = keys.get("base_model_name_or_path");
    if (base instanceof String name) {
      builder.baseModel(name);
    }
    return builder.source(keys).build();
  }

  private void requireLora() throws IOException {
    Object type = keys.get("peft_type");
    if (!"LORA".equals(type)) {
      throw wrong("peft_type", "LORA, the only method that is supported", type);
    }
  }

  private void requireSupported() throws IOException {
    for (Map.Entry<String, String> entry : UNSUPPORTED.entrySet()) {
      Object value = keys.get(entry.getKey());
      if (value != null && !Boolean.FALSE.equals(value)) {
        throw new FormatException(
            file,
            "%s: expected null, got %s; %s is not supported"
                .formatted(entry.getKey(), shown(value), entry.getValue()));
      }
    }
    if (keys.get("init_lora_weights") instanceof String way
        && (CHANGES_BASE.contains(way.toLowerCase(Locale.ROOT)) || way.startsWith("pissa"))) {
      throw new FormatException(
          file,
          "init_lora_weights: expected an adapter for the unchanged base model, got '%s', which"
                  .formatted(way)
              + " changes it; save the adapter with path_initial_model_for_weight_conversion");
    }
  }

  private PeftConfig.Bias bias() throws IOException {
    Object value = keys.get("bias");
    return switch (value) {
      case null -> PeftConfig.Bias.NONE;
      case String text when text.equals("none") -> PeftConfig.Bias.NONE;
      case String text when text.equals("all") -> PeftConfig.Bias.ALL;
      case String text when text.equals("lora_only") -> PeftConfig.Bias.LORA_ONLY;
      default -> throw wrong("bias", "none, all or lora_only", value);
    };
  }

  private Optional<ModuleSelector> selector(String key) throws IOException {
    Object value = keys.get(key);
    if (value instanceof String text) {
      return Optional.of(
          text.toLowerCase(Locale.ROOT).equals(ModuleSelector.AllLinear.NAME)
              ? new ModuleSelector.AllLinear()
              : new ModuleSelector.Regex(text));
    }
    return value == null ? Optional.empty() : Optional.of(new ModuleSelector.Names(strings(key)));
  }

  private int integer(String key, int otherwise) throws IOException {
    Object value = keys.get(key);
    return value == null ? otherwise : integer(key, value);
  }

  private int integer(String key, @Nullable Object value) throws IOException {
    if (value instanceof Integer number) {
      return number;
    }
    throw wrong(key, "an integer", value);
  }

  private double number(String key, double otherwise) throws IOException {
    Object value = keys.get(key);
    return value == null ? otherwise : number(key, value);
  }

  private double number(String key, @Nullable Object value) throws IOException {
    if (value instanceof Number number && Double.isFinite(number.doubleValue())) {
      return number.doubleValue();
    }
    throw wrong(key, "a finite number", value);
  }

  private boolean flag(String key) throws IOException {
    Object value = keys.get(key);
    if (value == null || value instanceof Boolean) {
      return Boolean.TRUE.equals(value);
    }
    throw wrong(key, "true or false", value);
  }

  /** A list of strings; a single one stands for a list of one. */
  private List<String> strings(String key) throws IOException {
    Object value = keys.get(key);
    if (value == null) {
      return List.of();
    }
    if (value instanceof String text && key.equals("layers_pattern")) {
      return text.isEmpty() ? List.of() : List.of(text);
    }
    List<String> strings = new ArrayList<>();
    for (Object element : list(key, value, "a list of names")) {
      if (!(element instanceof String text)) {
        throw wrong(key, "a list of names", value);
      }
      strings.add(text);
    }
    return strings;
  }

  private List<Integer> integers(String key) throws IOException {
    Object value = keys.get(key);
    if (value == null) {
      return List.of();
    }
    if (value instanceof Integer single) {
      return List.of(single);
    }
    List<Integer> integers = new ArrayList<>();
    for (Object element : list(key, value, "a list of indices")) {
      integers.add(integer(key, element));
    }
    return integers;
  }

  private List<?> list(String key, Object value, String expected) throws IOException {
    if (value instanceof List<?> list) {
      return list;
    }
    throw wrong(key, expected, value);
  }

  private Map<String, Integer> ranks() throws IOException {
    Map<String, Integer> ranks = new LinkedHashMap<>();
    for (Map.Entry<?, ?> entry : pattern("rank_pattern").entrySet()) {
      String key = String.valueOf(entry.getKey());
      ranks.put(key, integer("rank_pattern: " + key, entry.getValue()));
    }
    return ranks;
  }

  private Map<String, Double> alphas() throws IOException {
    Map<String, Double> alphas = new LinkedHashMap<>();
    for (Map.Entry<?, ?> entry : pattern("alpha_pattern").entrySet()) {
      String key = String.valueOf(entry.getKey());
      alphas.put(key, number("alpha_pattern: " + key, entry.getValue()));
    }
    return alphas;
  }

  private Map<?, ?> pattern(String key) throws IOException {
    Object value = keys.get(key);
    if (value == null) {
      return Map.of();
    }
    if (value instanceof Map<?, ?> map) {
      map.keySet().forEach(name -> NamePattern.suffix(String.valueOf(name)));
      return map;
    }
    throw wrong(key, "an object of names and numbers", value);
  }

  private FormatException wrong(String key, String expected, @Nullable Object value) {
    return new FormatException(
        file, "%s: expected %s, got %s".formatted(key, expected, shown(value)));
  }

  private static String shown(@Nullable Object value) {
    return switch (value) {
      case null -> "nothing";
      case String text -> "'%s'".formatted(text.length() > 80 ? text.substring(0, 80) : text);
      case Map<?, ?> map -> "an object of %d keys".formatted(map.size());
      case List<?> list -> "a list of %d elements".formatted(list.size());
      default -> value.toString();
    };
  }
}
