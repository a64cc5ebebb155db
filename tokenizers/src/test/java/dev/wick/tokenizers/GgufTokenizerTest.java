package dev.wick.tokenizers;

import static org.assertj.core.api.Assertions.assertThat;

import dev.wick.formats.gguf.GgufVocabulary;
import dev.wick.formats.gguf.GgufWriter;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class GgufTokenizerTest {
  @TempDir Path folder;

  @Test
  void config_namedTemplatesWithoutAList_areThere() throws IOException {
    Path file = folder.resolve("model.gguf");
    new GgufWriter()
        .metadata(GgufVocabulary.CHAT_TEMPLATE, "plain")
        .metadata("tokenizer.chat_template.tool_use", "with tools")
        .write(file);

    assertThat(TokenizerConfig.load(file).chatTemplates())
        .containsExactlyInAnyOrderEntriesOf(Map.of("default", "plain", "tool_use", "with tools"));
  }
}
