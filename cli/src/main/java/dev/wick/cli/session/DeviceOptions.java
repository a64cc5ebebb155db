package dev.wick.cli.session;

import dev.wick.engine.Engine;
import dev.wick.engine.FallbackMode;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Which device computes. */
public final class DeviceOptions {
  private static final String ACTIVATIONS_PROPERTY = "wick.cpu.activations";

  @Option(
      names = {"-d", "--device"},
      defaultValue = "auto",
      paramLabel = "DEVICE",
      description = {
        "auto, a backend such as cpu or nd4j, or a device id such as cuda:1; 'wick devices' lists"
            + " them (default: auto)."
      })
  private String device = "auto";

  @Option(
      names = "--require-fused",
      description = "Fail where the device lacks a kernel, instead of computing it in parts.")
  private boolean requireFused;

  @Option(
      names = "--activations",
      paramLabel = "TYPE",
      description = {
        "What the cpu device may round activations to where weights have no more bits either: f32 is"
            + " not at all, bf16 speeds prompts, batches and training up, int8 also all steps with"
            + " weights in Q8_0, Q4_0, Q4_1, Q5_0, Q5_1, Q4_K, Q5_K and Q6_K (default: f32)."
      })
  private @Nullable String activations;

  /** Opens it. */
  Engine open() {
    if (activations != null) {
      System.setProperty(ACTIVATIONS_PROPERTY, activations.toLowerCase(Locale.ROOT));
    }
    return Engine.open(device, requireFused ? FallbackMode.REQUIRE_FUSED : FallbackMode.ALLOW);
  }
}
