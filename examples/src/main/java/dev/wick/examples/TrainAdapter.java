package dev.wick.examples;

import dev.wick.engine.Engine;
import dev.wick.engine.model.LanguageModel;
import dev.wick.engine.model.Models;
import dev.wick.formats.Checkpoint;
import dev.wick.lora.peft.PeftConfig;
import dev.wick.lora.training.LoraTrainer;
import dev.wick.lora.training.StepReport;
import dev.wick.lora.training.TrainingConfig;
import dev.wick.lora.training.TrainingListener;
import dev.wick.lora.training.data.Example;
import dev.wick.lora.training.data.JsonLines;
import dev.wick.lora.training.data.RecordEncoder;
import dev.wick.lora.training.data.TrainingData;
import dev.wick.lora.training.data.TrainingRecord;
import dev.wick.tokenizers.HuggingFaceTokenizer;
import dev.wick.tokenizers.chat.ChatMessage;
import dev.wick.tokenizers.chat.ChatRequest;
import dev.wick.tokenizers.chat.ChatTemplate;
import dev.wick.tokenizers.jinja.TemplateException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** Fine-tunes a low-rank adapter on conversations, and leaves it in a folder that PEFT can read. */
public final class TrainAdapter {
  private TrainAdapter() {}

  /** {@code [--device NAME] [--model FOLDER|HUB-ID] [DATA.jsonl]}. */
  public static void main(String... args) throws IOException {
    Arguments arguments = Arguments.parse(args);
    Path data = Path.of(arguments.text(Arguments.data("polite.jsonl").toString()));
    Path target = Files.createTempDirectory("wick-adapter");
    Path folder = arguments.folder();
    try (Engine engine = Engine.open(arguments.device());
        Checkpoint checkpoint = Checkpoint.open(folder);
        LanguageModel model = Models.load(checkpoint, engine);
        HuggingFaceTokenizer tokenizer = HuggingFaceTokenizer.load(folder)) {
      train(model, encoder(ChatTemplate.load(folder), tokenizer), data, target, 20);
      System.out.println("the adapter is in " + target);
    }
  }

  /** Trains all linears for some steps and prints how the loss falls. */
  static void train(LanguageModel model, RecordEncoder encoder, Path data, Path target, int steps)
      throws IOException {
    TrainingConfig config =
        TrainingConfig.builder().steps(steps).batchSize(8).learningRate(1e-3).seed(1).build();
    TrainingListener printer =
        new TrainingListener() {
          @Override
          public void onStep(StepReport report) {
            if (report.step() % 10 == 0) {
              System.out.printf("step %d, loss %.3f%n", report.step(), report.loss());
            }
          }
        };
    new LoraTrainer(model, PeftConfig.builder(8, 16).targetModules("all-linear").build(), config)
        .withListener(printer)
        .train(TrainingData.encode(JsonLines.read(data), encoder, 256), target);
  }

  /** What the assistant says is learned, the rest is read. */
  static RecordEncoder encoder(ChatTemplate template, HuggingFaceTokenizer tokenizer) {
    return record -> {
      var conversation = (TrainingRecord.Conversation) record.content();
      List<ChatMessage> messages = conversation.messages().stream().map(ChatMessage::of).toList();
      try {
        var chat = template.renderToLearn(ChatRequest.of(messages)).encodeWithMask(tokenizer);
        return Example.of(chat.ids(), chat.assistantMask());
      } catch (TemplateException e) {
        throw new IllegalArgumentException(e.getMessage(), e);
      }
    };
  }
}
