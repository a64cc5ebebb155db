package dev.wick.engine;

import dev.wick.engine.spi.BackendProvider;
import dev.wick.engine.spi.DeviceInfo;
import dev.wick.engine.spi.Probe;
import dev.wick.engine.spi.Spi;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.ServiceConfigurationError;
import java.util.ServiceLoader;

/** Finds backends through {@link ServiceLoader} and chooses devices. */
final class Backends {
  private Backends() {}

  /** One report per provider. A provider that cannot be loaded is a line, not the end. */
  static List<BackendReport> probe() {
    List<BackendReport> reports = new ArrayList<>();
    Iterator<ServiceLoader.Provider<BackendProvider>> providers =
        ServiceLoader.load(BackendProvider.class).stream().iterator();
    while (true) {
      try {
        if (!providers.hasNext()) {
          return List.copyOf(reports);
        }
        reports.add(probe(providers.next()));
      } catch (ServiceConfigurationError e) {
        reports.add(broken("a declared provider", e));
      }
    }
  }

  private static BackendReport probe(ServiceLoader.Provider<BackendProvider> found) {
    try {
      BackendProvider provider = found.get();
      if (provider.spiVersion() != Spi.VERSION) {
        return new BackendReport(
            provider.name(),
            new Probe.Unavailable(
                "made for version %d of the backend SPI, this engine has %d"
                    .formatted(provider.spiVersion(), Spi.VERSION),
                "use releases of wick-engine-api and the backend that belong together"),
            Optional.empty());
      }
      return new BackendReport(provider.name(), provider.probe(), Optional.of(provider));
    } catch (LinkageError | ServiceConfigurationError | RuntimeException e) {
      // Whatever a provider throws is its own trouble, not that of the others.
      return broken(origin(found.type()), e);
    }
  }

  private static String origin(Class<?> type) {
    Module module = type.getModule();
    return module.isNamed() ? "module " + module.getName() : "class " + type.getName();
  }

  private static BackendReport broken(String origin, Throwable error) {
    Throwable cause = error.getCause() == null ? error : error.getCause();
    return new BackendReport(
        origin,
        new Probe.Unavailable(
            "broken provider, " + cause, "check that the jars it needs are on the path"),
        Optional.empty());
  }

  /** The device and its provider that a selector means, or empty if there is none. */
  static Optional<Choice> choose(String selector, List<BackendReport> reports) {
    List<Choice> choices = new ArrayList<>();
    for (BackendReport report : reports) {
      for (DeviceInfo device : report.devices()) {
        boolean wanted =
            selector.equals("auto")
                || selector.equals(device.id())
                || selector.equals(device.backend());
        if (wanted && report.provider().isPresent()) {
          choices.add(new Choice(report.provider().get(), device));
        }
      }
    }
    if (!selector.equals("auto")) {
      return choices.stream().findFirst();
    }
    return choices.stream()
        .min(
            Comparator.comparing((Choice choice) -> choice.device().kind())
                .thenComparing(choice -> -choice.device().memoryBytes()));
  }

  /** A device and the provider that opens it. */
  record Choice(BackendProvider provider, DeviceInfo device) {}
}
