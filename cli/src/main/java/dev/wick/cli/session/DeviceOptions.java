package dev.wick.cli.session;

import dev.wick.engine.Engine;
import dev.wick.engine.FallbackMode;
import picocli.CommandLine.Option;

/** Which device computes. */
public final class DeviceOptions {
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

  /** Opens it. */
  Engine open() {
    return Engine.open(device, requireFused ? FallbackMode.REQUIRE_FUSED : FallbackMode.ALLOW);
  }
}
