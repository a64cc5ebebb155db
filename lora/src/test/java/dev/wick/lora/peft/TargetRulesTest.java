package dev.wick.lora.peft;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** The cases follow check_target_module_exists and get_pattern_key of PEFT 0.21. */
class TargetRulesTest {
  private static final String Q = "model.layers.10.self_attn.q_proj";

  @Test
  void targets_names_matchTheEndAfterADot() {
    TargetRules rules = rules(PeftConfig.builder(2, 2).targetModules("q_proj", "mlp.up_proj"));

    assertThat(rules.targets(Q)).isTrue();
    assertThat(rules.targets("model.layers.1.mlp.up_proj")).isTrue();
    assertThat(rules.targets("model.layers.1.self_attn.eq_proj")).isFalse();
    assertThat(rules.targets("model.layers.1.other.up_proj")).isFalse();
    assertThat(rules.targets("q_proj")).isTrue();
  }

  @Test
  void targets_regex_matchesWholeNames() {
    TargetRules rules =
        rules(
            PeftConfig.builder(2, 2)
                .targetModules(new ModuleSelector.Regex(".*\\.(1|10)\\.(?P<part>\\w+)\\.q_proj")));

    assertThat(rules.targets(Q)).isTrue();
    assertThat(rules.targets(Q + ".more")).isFalse();
    assertThat(rules.targets("model.layers.2.self_attn.q_proj")).isFalse();
  }

  @Test
  void targets_allLinear_leavesTheOutputLayerOut() {
    TargetRules rules =
        rules(PeftConfig.builder(2, 2).targetModules(new ModuleSelector.AllLinear()));

    assertThat(rules.targets(Q)).isTrue();
    assertThat(rules.targets("lm_head")).isFalse();
  }

  @Test
  void targets_layers_limitsToTheFirstNumber() {
    TargetRules rules =
        rules(
            PeftConfig.builder(2, 2)
                .targetModules("q_proj", "up_proj")
                .layersToTransform(List.of(10)));

    assertThat(rules.targets(Q)).isTrue();
    assertThat(rules.targets("model.layers.1.self_attn.q_proj")).isFalse();
    assertThat(rules.targets("model.layers.10.mlp.experts.3.up_proj")).isTrue();
    assertThat(rules.targets("model.layers.3.mlp.experts.10.up_proj")).isFalse();
  }

  @Test
  void targets_layersPattern_namesTheList() {
    TargetRules rules =
        rules(
            PeftConfig.builder(2, 2)
                .targetModules("q_proj")
                .layersToTransform(List.of(1))
                .layersPattern(List.of("h", "blocks")));

    assertThat(rules.targets("model.blocks.1.attn.q_proj")).isTrue();
    assertThat(rules.targets("model.layers.1.attn.q_proj")).isFalse();
  }

  @Test
  void targets_excludedOrSavedModules_no() {
    TargetRules rules =
        rules(
            PeftConfig.builder(2, 2)
                .targetModules("q_proj", "lm_head")
                .excludeModules(new ModuleSelector.Regex(".*\\.10\\..*"))
                .modulesToSave(List.of("lm_head")));

    assertThat(rules.targets(Q)).isFalse();
    assertThat(rules.targets("model.layers.1.self_attn.q_proj")).isTrue();
    assertThat(rules.targets("lm_head")).isFalse();
    assertThat(rules.isSaved("lm_head")).isTrue();
    assertThat(rules.isSaved("my_lm_head")).isFalse();
  }

  @Test
  void rank_patterns_firstMatchOfTheEndCounts() {
    Map<String, Integer> ranks = new LinkedHashMap<>();
    ranks.put("layers.1.self_attn.q_proj", 2);
    ranks.put("(q|k)_proj", 4);
    ranks.put("^model.layers.3.self_attn.v_proj", 16);
    TargetRules rules = rules(PeftConfig.builder(8, 16).rankPattern(ranks));

    assertThat(rules.rank("model.layers.1.self_attn.q_proj")).isEqualTo(2);
    assertThat(rules.rank("model.layers.11.self_attn.q_proj")).isEqualTo(4);
    assertThat(rules.rank("model.layers.11.self_attn.v_proj")).isEqualTo(8);
    assertThat(rules.rank("model.layers.3.self_attn.v_proj")).isEqualTo(16);
    assertThat(rules.rank("model.layers.3.self_attn.xq_proj")).isEqualTo(8);
  }

  @Test
  void scale_rankStabilised_dividesByTheRoot() {
    PeftConfigBuilder builder =
        PeftConfig.builder(16, 8).alphaPattern(Map.of("v_proj", 32.0)).rankPattern(Map.of());

    assertThat(rules(builder).scale("a.q_proj")).isEqualTo(0.5f);
    assertThat(rules(builder).scale("a.v_proj")).isEqualTo(2f);
    assertThat(rules(builder.useRslora(true)).scale("a.q_proj")).isEqualTo(2f);
    assertThat(rules(builder.useRslora(true)).scale("a.v_proj")).isEqualTo(8f);
  }

  private static TargetRules rules(PeftConfigBuilder builder) {
    return new TargetRules(builder.build());
  }
}
