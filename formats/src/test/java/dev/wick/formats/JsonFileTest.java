package dev.wick.formats;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class JsonFileTest {
  @TempDir Path folder;

  /** The text is what {@code json.dumps(value, indent=2)} of Python 3.11 gives. */
  @Test
  void write_nestedValues_looksAsPythonWritesThem() throws IOException {
    Map<String, Object> content = new LinkedHashMap<>();
    content.put("name", "\u00e9\n");
    content.put("list", List.of(1, 2.5, true));
    content.put("none", Map.of());
    Path file = folder.resolve("x.json");

    JsonFile.write(file, content);

    assertThat(file)
        .content()
        .isEqualToNormalizingNewlines(
            """
            {
              "name": "\\u00e9\\n",
              "list": [
                1,
                2.5,
                true
              ],
              "none": {}
            }""");
    assertThat(JsonFile.readObject(file)).isEqualTo(content);
  }

  @Test
  void write_inPlaceOfAFolder_isRefusedAndLeavesIt() throws IOException {
    Path taken = Files.createDirectory(folder.resolve("x.json"));

    assertThatThrownBy(() -> JsonFile.write(taken, Map.of("a", 1)))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("x.json: expected the path of a file, got a folder");
    assertThat(taken).isEmptyDirectory();
  }
}
