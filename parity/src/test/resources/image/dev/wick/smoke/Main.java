package dev.wick.smoke;

import dev.wick.engine.BackendReport;
import dev.wick.engine.Engine;
import dev.wick.engine.spi.DeviceInfo;

/** Lists backends and devices, opens the one that is named, and lists the modules of the image. */
public final class Main {
  private Main() {}

  public static void main(String[] args) {
    for (BackendReport report : Engine.probe()) {
      System.out.println("backend " + report);
      for (DeviceInfo device : report.devices()) {
        System.out.println("device " + device.id());
      }
    }
    try (Engine engine = Engine.open(args[0])) {
      System.out.println("opened " + engine.info().id());
    }
    ModuleLayer.boot().modules().stream()
        .map(Module::getName)
        .sorted()
        .forEach(name -> System.out.println("module " + name));
  }
}
