package dev.wick.cli.adapters;

import dev.wick.lora.peft.ModuleSelector;
import dev.wick.lora.peft.PeftAdapter;
import dev.wick.lora.peft.PeftConfig;
import java.util.LinkedHashMap;
import java.util.Map;

/** What of an adapter is shown, by the names of its configuration. */
final class AdapterFields {
  private AdapterFields() {}

  static Map<String, Object> of(PeftAdapter adapter) {
    PeftConfig config = adapter.config();
    Map<String, Object> fields = new LinkedHashMap<>();
    fields.put("name", adapter.name());
    fields.put("base_model", config.baseModel().orElse(""));
    fields.put("method", method(config));
    fields.put("r", config.r());
    fields.put("lora_alpha", config.loraAlpha());
    if (!config.rankPattern().isEmpty()) {
      fields.put("rank_pattern", config.rankPattern());
    }
    if (!config.alphaPattern().isEmpty()) {
      fields.put("alpha_pattern", config.alphaPattern());
    }
    fields.put("target_modules", config.targetModules().map(AdapterFields::shown).orElse(""));
    if (!config.targetParameters().isEmpty()) {
      fields.put("target_parameters", config.targetParameters());
    }
    if (!config.modulesToSave().isEmpty()) {
      fields.put("modules_to_save", config.modulesToSave());
    }
    fields.put("linears", adapter.deltas().size());
    fields.put("replaced", adapter.replacements().size());
    fields.put(
        "parameters",
        adapter.tensors().values().stream().mapToLong(tensor -> tensor.shape().size()).sum());
    fields.put("bytes", adapter.byteSize());
    return fields;
  }

  private static String method(PeftConfig config) {
    String method = config.useDora() ? "DoRA" : "LoRA";
    return config.useRslora() ? method + ", rank-stabilised" : method;
  }

  private static Object shown(ModuleSelector selector) {
    return switch (selector) {
      case ModuleSelector.Names names -> names.names();
      case ModuleSelector.Regex regex -> regex.regex();
      case ModuleSelector.AllLinear _ -> ModuleSelector.AllLinear.NAME;
    };
  }
}
