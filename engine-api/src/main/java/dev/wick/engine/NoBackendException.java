package dev.wick.engine;

import dev.wick.engine.tensor.EngineException;
import java.util.List;

/** No device matches what was asked for; the message lists every backend with its remedy. */
public final class NoBackendException extends EngineException {
  private static final long serialVersionUID = 1L;

  NoBackendException(String selector, List<BackendReport> reports) {
    super(message(selector, reports));
  }

  private static String message(String selector, List<BackendReport> reports) {
    StringBuilder text = new StringBuilder("no device matches '" + selector + "'. ");
    if (reports.isEmpty()) {
      return text.append("No backend is on the module path; add one, for example wick-backend-cpu.")
          .toString();
    }
    text.append("Probed:");
    for (BackendReport report : reports) {
      text.append("\n  ").append(report);
    }
    return text.toString();
  }
}
