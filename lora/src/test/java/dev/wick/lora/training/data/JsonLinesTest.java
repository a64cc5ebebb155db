package dev.wick.lora.training.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.wick.lora.training.data.TrainingRecord.Completion;
import dev.wick.lora.training.data.TrainingRecord.Conversation;
import dev.wick.lora.training.data.TrainingRecord.PlainText;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class JsonLinesTest {
  @TempDir private Path folder;

  private Path file(String... lines) throws IOException {
    return Files.writeString(folder.resolve("train.jsonl"), String.join("\n", lines));
  }

  @Test
  void read_allKinds_keepsContentAndOrigin() throws IOException {
    Path file =
        file(
            "\uFEFF{\"messages\": [{\"role\": \"user\", \"content\": \"a\"},"
                + " {\"role\": \"assistant\", \"content\": null}],"
                + " \"tools\": [{\"type\": \"function\"}]}",
            "",
            "{\"prompt\": \"p\", \"completion\": \"c\", \"id\": 7}",
            "{\"text\": \"Grüße\", \"nested\": {\"a\": [1, 2.5, true]}}");

    List<TrainingRecord> records = JsonLines.read(file);

    assertThat(records)
        .extracting(TrainingRecord::origin)
        .containsExactly(file + ":1", file + ":3", file + ":4");
    assertThat(records.get(0).content())
        .isInstanceOfSatisfying(
            Conversation.class,
            conversation -> {
              assertThat(conversation.messages()).hasSize(2);
              assertThat(conversation.messages().get(1)).containsEntry("content", null);
              assertThat(conversation.tools()).containsExactly(Map.of("type", "function"));
            });
    assertThat(records.get(1).content()).isEqualTo(new Completion("p", "c"));
    assertThat(records.get(2).content()).isEqualTo(new PlainText("Grüße"));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '\0',
      value = {
        "{\"text\": \"a\"          | expected JSON, got a syntax error",
        "hello                     | expected JSON, got a syntax error",
        "[1]                       | expected a JSON object, got another value",
        "{\"text\": \"a\"} {}      | expected one JSON object per line, got more",
        "{\"txt\": \"a\"}          | expected \"messages\", \"prompt\" and \"completion\", or",
        "{\"text\": 3}             | expected a text as \"text\", got something else",
        "{\"prompt\": \"a\"}       | expected a text as \"completion\", got none",
        "{\"messages\": []}        | expected at least one message, got none",
        "{\"messages\": [3]}       | expected a list of objects as \"messages\"",
        "{\"messages\": [{}]}      | expected a \"role\" in each message, got the keys []",
      })
  void read_badLine_namesFileAndLine(String line, String message) throws IOException {
    Path file = file("{\"text\": \"fine\"}", line);

    assertThatThrownBy(() -> JsonLines.read(file))
        .isInstanceOf(DatasetException.class)
        .hasMessageStartingWith(file + ":2: " + message);
  }

  @Test
  void read_withoutRecords_isRefused() throws IOException {
    Path file = file("", "  ");

    assertThatThrownBy(() -> JsonLines.read(file))
        .isInstanceOf(DatasetException.class)
        .hasMessage(file + ": expected at least one record, got an empty file");
  }

  @Test
  void read_otherEncoding_isRefused() throws IOException {
    Path file = folder.resolve("latin.jsonl");
    Files.write(file, "{\"text\": \"Grüße\"}".getBytes(StandardCharsets.ISO_8859_1));

    assertThatThrownBy(() -> JsonLines.read(file))
        .isInstanceOf(DatasetException.class)
        .hasMessageContaining("expected UTF-8 text");
  }
}
