package dev.wick.lora.peft;

import dev.wick.formats.JsonFile;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/** Writes {@code adapter_config.json} with the keys that PEFT writes. */
final class PeftConfigWriter {
  /** Keys that PEFT 0.21 writes and that are null unless somebody sets them. */
  private static final List<String> NULL_KEYS =
      List.of(
          "alora_invocation_tokens",
          "arrow_config",
          "auto_mapping",
          "corda_config",
          "eva_config",
          "kasa_config",
          "layer_replication",
          "lora_ga_config",
          "megatron_config",
          "monteclora_config",
          "revision",
          "trainable_token_indices",
          "use_bdlora",
          "velora_config");

  private static final Map<String, Object> DEFAULTS =
      Map.of(
          "fan_in_fan_out",
          false,
          "inference_mode",
          true,
          "init_lora_weights",
          true,
          "loftq_config",
          Map.of(),
          "megatron_core",
          "megatron.core",
          "peft_version",
          "0.21.0",
          "qalora_group_size",
          16,
          "task_type",
          "CAUSAL_LM",
          "use_qalora",
          false);

  private PeftConfigWriter() {}

  static void write(PeftConfig config, Path file) throws IOException {
    JsonFile.write(file, keys(config));
  }

  private static Map<String, @Nullable Object> keys(PeftConfig config) {
    Map<String, @Nullable Object> keys = new TreeMap<>();
    NULL_KEYS.forEach(key -> keys.put(key, null));
    keys.putAll(DEFAULTS);
    keys.putAll(config.source());
    keys.put("peft_type", "LORA");
    typed(config)
        .forEach(
            (key, value) -> {
              if (!isSame(keys.get(key), value)) {
                keys.put(key, value);
              }
            });
    return keys;
  }

  private static Map<String, @Nullable Object> typed(PeftConfig config) {
    Map<String, @Nullable Object> keys = new TreeMap<>();
    keys.put("r", config.r());
    keys.put("lora_alpha", plain(config.loraAlpha()));
    keys.put("lora_dropout", config.loraDropout());
    keys.put("use_rslora", config.useRslora());
    keys.put("use_dora", config.useDora());
    keys.put("lora_bias", config.loraBias());
    keys.put("bias", config.bias().name().toLowerCase(Locale.ROOT));
    keys.put("ensure_weight_tying", config.ensureWeightTying());
    keys.put("target_modules", config.targetModules().map(PeftConfigWriter::plain).orElse(null));
    keys.put("exclude_modules", config.excludeModules().map(PeftConfigWriter::plain).orElse(null));
    keys.put("target_parameters", orNull(config.targetParameters()));
    keys.put("layers_to_transform", orNull(config.layersToTransform()));
    keys.put("layers_pattern", orNull(config.layersPattern()));
    keys.put("rank_pattern", config.rankPattern());
    Map<String, Number> alphas = new LinkedHashMap<>();
    config.alphaPattern().forEach((name, alpha) -> alphas.put(name, plain(alpha)));
    keys.put("alpha_pattern", alphas);
    keys.put("modules_to_save", orNull(config.modulesToSave()));
    keys.put("base_model_name_or_path", config.baseModel().orElse(null));
    return keys;
  }

  /** Alphas are whole numbers in Python, as a rule. */
  private static Number plain(double number) {
    if (number == Math.rint(number) && Math.abs(number) < 1e15) {
      return (long) number;
    }
    return number;
  }

  private static Object plain(ModuleSelector selector) {
    return switch (selector) {
      case ModuleSelector.Names names -> names.names();
      case ModuleSelector.Regex regex -> regex.regex();
      case ModuleSelector.AllLinear all -> ModuleSelector.AllLinear.NAME;
    };
  }

  /** Whether two values say the same, a single one for a list of one and null for an empty one. */
  private static boolean isSame(@Nullable Object x, @Nullable Object y) {
    if (x instanceof Map<?, ?> map && y instanceof Map<?, ?> other) {
      return map.keySet().equals(other.keySet())
          && map.keySet().stream().allMatch(key -> isSame(map.get(key), other.get(key)));
    }
    if (x instanceof List<?> || y instanceof List<?>) {
      List<?> left = listOf(x);
      List<?> right = listOf(y);
      return left.size() == right.size()
          && IntStream.range(0, left.size()).allMatch(i -> isSame(left.get(i), right.get(i)));
    }
    return x != null && y != null && plainNumber(x).equals(plainNumber(y));
  }

  private static List<?> listOf(@Nullable Object value) {
    return switch (value) {
      case null -> List.of();
      case List<?> list -> list;
      default -> List.of(value);
    };
  }

  private static Object plainNumber(Object value) {
    return value instanceof Number number ? (Object) number.doubleValue() : value;
  }

  private static @Nullable Object orNull(List<?> list) {
    return list.isEmpty() ? null : list;
  }
}
