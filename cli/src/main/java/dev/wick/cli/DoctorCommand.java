package dev.wick.cli;

import dev.wick.cli.session.DeviceOptions;
import dev.wick.cli.session.ModelOptions;
import dev.wick.cli.session.Session;
import dev.wick.cli.terminal.Json;
import dev.wick.cli.terminal.Quantities;
import dev.wick.cli.terminal.Streams;
import dev.wick.engine.BackendReport;
import dev.wick.engine.Engine;
import dev.wick.engine.model.KvLease;
import dev.wick.engine.model.LanguageModel;
import dev.wick.engine.model.ModelInfo;
import dev.wick.engine.model.StepBatch;
import dev.wick.engine.model.StepOutput;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code wick doctor}: runs a model for two steps and shows how the device coped. */
@Command(
    name = "doctor",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    description = {
      "Runs a model for two steps, a prompt and a token, and shows how the device coped:",
      "which fused operations it had no kernel for, and whether the logits are numbers."
    })
final class DoctorCommand implements Callable<Integer> {
  private static final int PROMPT_TOKENS = 8;

  private final Streams streams;

  @Mixin private ModelOptions model = new ModelOptions();
  @Mixin private DeviceOptions device = new DeviceOptions();

  @Option(names = "--json", description = "Print JSON.")
  private boolean json;

  DoctorCommand(Streams streams) {
    this.streams = streams;
  }

  @Override
  public Integer call() throws IOException {
    try (Session session = new Session(model, device, streams)) {
      boolean finite = runSteps(session.model());
      session.hideProgress();
      Map<String, Object> findings = findings(session, finite);
      if (json) {
        Json.pretty(streams.out(), findings);
      } else {
        findings.forEach((what, found) -> streams.out().printf("%-16s %s%n", what, found));
      }
      return finite ? ExitCode.OK : ExitCode.SOFTWARE;
    }
  }

  /** Whether all logits are finite. */
  private static boolean runSteps(LanguageModel model) {
    int[] prompt = new int[Math.min(PROMPT_TOKENS, model.info().contextLength() - 1)];
    for (int i = 0; i < prompt.length; i++) {
      prompt[i] = i % model.info().vocabSize();
    }
    StepOutput output = new StepOutput();
    try (KvLease lease = model.kvPool().lease()) {
      model.step(StepBatch.of(lease, StepBatch.Logits.LAST, prompt), output);
      boolean finite = isFinite(output.logits(0));
      model.step(StepBatch.of(lease, StepBatch.Logits.LAST, output.argMax(0)), output);
      return finite && isFinite(output.logits(0));
    }
  }

  private static boolean isFinite(float[] logits) {
    for (float logit : logits) {
      if (!Float.isFinite(logit)) {
        return false;
      }
    }
    return true;
  }

  private static Map<String, Object> findings(Session session, boolean finite) {
    Map<String, Object> findings = new LinkedHashMap<>();
    findings.put("java", System.getProperty("java.vm.version", "unknown"));
    findings.put("os", System.getProperty("os.name") + " " + System.getProperty("os.arch"));
    findings.put("processors", Runtime.getRuntime().availableProcessors());
    findings.put("heap", Quantities.bytes(Runtime.getRuntime().maxMemory()) + " at most");
    for (BackendReport report : Engine.probe()) {
      findings.put("backend " + report.backend(), report.toString());
    }
    ModelInfo info = session.model().info();
    findings.put("model", info.location());
    findings.put("model type", info.modelType());
    findings.put("parameters", Quantities.count(info.parameters()));
    findings.put("weights", Quantities.bytes(info.weightBytes()));
    findings.put("context", info.contextLength());
    findings.put("device", session.engine().info().id());
    findings.put("fallbacks", fallbacks(session.engine()));
    findings.put("logits", finite ? "finite" : "not finite: the weights or a kernel are damaged");
    return findings;
  }

  private static Object fallbacks(Engine engine) {
    Map<String, Long> counts = engine.fallbacks();
    return counts.isEmpty() ? "none: every operation had its kernel" : counts;
  }
}
