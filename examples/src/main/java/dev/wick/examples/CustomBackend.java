package dev.wick.examples;

import dev.wick.engine.Engine;
import dev.wick.engine.model.LanguageModel;
import dev.wick.engine.model.Models;
import dev.wick.engine.spi.DeviceInfo;
import dev.wick.formats.Checkpoint;
import dev.wick.streaming.GenerationRequest;
import dev.wick.streaming.Generator;
import dev.wick.tokenizers.HuggingFaceTokenizer;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/**
 * Runs a model on a backend that is not part of Wick: the module in {@code examples/custom-backend}
 * offers devices that compute on others and log how long each operation took. Nothing here names
 * its classes; it is on the path, and that is all.
 */
public final class CustomBackend {
  private CustomBackend() {}

  /** {@code [--device NAME] [--model FOLDER|HUB-ID] [PROMPT]}: the device to measure. */
  public static void main(String... args) throws IOException {
    Arguments arguments = Arguments.parse(args);
    Path folder = arguments.folder();
    try (Engine engine = Engine.open(profiled(arguments.device()));
        Checkpoint checkpoint = Checkpoint.open(folder);
        LanguageModel model = Models.load(checkpoint, engine);
        HuggingFaceTokenizer tokenizer = HuggingFaceTokenizer.load(folder);
        Generator generator = new Generator(model, tokenizer)) {
      var request = GenerationRequest.builder(arguments.text("Time is")).maxTokens(20).build();
      System.out.println(engine.info().id() + ":" + generator.generate(request).text());
    }
  }

  /** The id under which the backend offers a device, for example {@code profile:cpu:0}. */
  private static String profiled(String device) {
    String wanted = device.equals("auto") ? "profile:" : "profile:" + device;
    List<String> ids =
        Engine.probe().stream()
            .flatMap(report -> report.devices().stream())
            .map(DeviceInfo::id)
            .toList();
    return ids.stream().filter(id -> id.startsWith(wanted)).findFirst().orElse(wanted);
  }
}
