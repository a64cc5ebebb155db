package dev.wick.cli.session;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Option;

/** Which adapters are put on the model. */
public final class AdapterOptions {
  @Option(
      names = "--adapter",
      paramLabel = "NAME=DIR[:WEIGHT]",
      description = {
        "A LoRA adapter as PEFT saves it, and how much of it is used (default: 1); may be"
            + " repeated."
      })
  private List<String> adapters = new ArrayList<>();

  /**
   * Loads the adapters and holds them against the model.
   *
   * @throws IOException if one cannot be read or is not for this model
   * @throws UsageException if an argument has another form
   */
  public SessionAdapters open(Session session) throws IOException {
    SessionAdapters opened = new SessionAdapters(session.checkpoint());
    try {
      for (String adapter : adapters) {
        opened.load(AdapterArgument.parse(adapter));
      }
      return opened;
    } catch (IOException | RuntimeException e) {
      opened.close();
      throw e;
    }
  }
}
