package dev.wick.cli.training;

import dev.wick.cli.session.UsageException;
import dev.wick.lora.peft.ModuleSelector;
import dev.wick.lora.peft.PeftConfig;
import java.util.List;
import java.util.regex.PatternSyntaxException;
import picocli.CommandLine.Option;

/** What adapter is trained. */
public final class AdapterFlags {
  @Option(
      names = "--rank",
      defaultValue = "8",
      paramLabel = "N",
      description = "Rank of the adapter (default: 8).")
  private int rank = 8;

  @Option(
      names = "--alpha",
      paramLabel = "X",
      description = "Scale of the adapter times its rank (default: twice the rank).")
  private double alpha;

  @Option(
      names = "--target-modules",
      split = ",",
      paramLabel = "NAME",
      description = {
        "Adapted linear layers: names such as q_proj,v_proj, all-linear, or /REGEX/ for the whole"
            + " name (default: all-linear)."
      })
  private List<String> targets = List.of("all-linear");

  @Option(
      names = "--rslora",
      description = "Divide alpha by the root of the rank, not the rank (rsLoRA).")
  private boolean rslora;

  @Option(names = "--dora", description = "Decompose weights into norms and directions (DoRA).")
  private boolean dora;

  @Option(
      names = "--dropout",
      paramLabel = "P",
      description = "Probability with which an input of the adapter is dropped (default: 0).")
  private double dropout;

  /** The configuration. */
  public PeftConfig config(String baseModel) {
    try {
      return PeftConfig.builder(rank, alpha == 0 ? 2.0 * rank : alpha)
          .targetModules(selector())
          .useRslora(rslora)
          .useDora(dora)
          .loraDropout(dropout)
          .baseModel(baseModel)
          .build();
    } catch (PatternSyntaxException e) {
      throw new UsageException("--target-modules: " + e.getMessage(), e);
    } catch (IllegalArgumentException e) {
      throw new UsageException("adapter: " + e.getMessage(), e);
    }
  }

  private ModuleSelector selector() {
    String first = targets.getFirst();
    if (first.startsWith("/") && targets.getLast().endsWith("/")) {
      String regex = String.join(",", targets);
      return new ModuleSelector.Regex(regex.substring(1, regex.length() - 1));
    }
    return ModuleSelector.of(targets);
  }
}
