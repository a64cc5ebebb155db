package dev.wick.examples;

import dev.wick.engine.tensor.EngineException;
import java.io.IOException;
import java.util.Arrays;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ExecutionException;
import org.jspecify.annotations.Nullable;

/** Runs an example by its name, and says in one line what went wrong. */
public final class Examples {
  private static final Map<String, Example> BY_NAME =
      new TreeMap<>(
          Map.ofEntries(
              Map.entry("Chat", Chat::main),
              Map.entry("CustomBackend", CustomBackend::main),
              Map.entry("Generate", Generate::main),
              Map.entry("LearnWhileServing", LearnWhileServing::main),
              Map.entry("LoadWithProgress", LoadWithProgress::main),
              Map.entry("PickDevice", PickDevice::main),
              Map.entry("StreamCallback", StreamCallback::main),
              Map.entry("StreamFuture", StreamFuture::main),
              Map.entry("StreamJava", StreamJava::main),
              Map.entry("StreamPublisher", StreamPublisher::main),
              Map.entry("SwapAdapters", SwapAdapters::main),
              Map.entry("Tour", Tour::main),
              Map.entry("TrainAdapter", TrainAdapter::main)));

  private Examples() {}

  /** Runs the example that the first argument names with the others, and exits. */
  public static void main(String... args) {
    System.exit(run(args));
  }

  /** The exit code of an example: 0, 1 if it failed, 2 if the arguments cannot be understood. */
  static int run(String... args) {
    @Nullable Example example = args.length == 0 ? null : BY_NAME.get(args[0]);
    if (example == null) {
      System.err.println("usage: examples/run NAME [--device NAME] [--model FOLDER|HUB-ID] [TEXT]");
      System.err.println("names: " + String.join(", ", BY_NAME.keySet()));
      return 2;
    }
    try {
      example.run(Arrays.copyOfRange(args, 1, args.length));
      return 0;
    } catch (IllegalArgumentException e) {
      System.err.println(args[0] + ": " + e.getMessage());
      return 2;
    } catch (ExecutionException e) {
      System.err.println(args[0] + ": " + String.valueOf(e.getCause()));
      return 1;
    } catch (IOException | EngineException e) {
      System.err.println(args[0] + ": " + e.getMessage());
      return 1;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return 1;
    }
  }

  /** The main method of an example. */
  private interface Example {
    void run(String... args) throws IOException, InterruptedException, ExecutionException;
  }
}
