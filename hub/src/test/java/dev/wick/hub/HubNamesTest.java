package dev.wick.hub;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Ids and locations as users write them. */
final class HubNamesTest {
  @TempDir Path folder;

  @Test
  void parse_idWithRevision_hasBoth() {
    assertThat(HubId.parse("Qwen/Qwen3-0.6B")).isEqualTo(new HubId("Qwen/Qwen3-0.6B", "main"));
    assertThat(HubId.parse("Qwen/Qwen3-0.6B@refs/pr/12"))
        .isEqualTo(new HubId("Qwen/Qwen3-0.6B", "refs/pr/12"))
        .hasToString("Qwen/Qwen3-0.6B@refs/pr/12");
    assertThat(HubId.parse("gpt2@" + "a".repeat(40)).isCommit()).isTrue();
    assertThat(HubId.parse("gpt2").isCommit()).isFalse();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "@main",
        "a/b@",
        "a/b/c",
        "/b",
        "a/",
        "a/-b",
        "a/b.",
        "a/b--c",
        "a/..",
        "a/b..c",
        "a/b.git",
        "a b/c",
        "caf\u00e9/b",
        "a/b@../main",
        "a/b@x//y",
        "a/b@/x",
        "a/b@x y",
        "a/b@x@y",
        "a/b\n"
      })
  void parse_malformedId_saysWhatIsExpected(String text) {
    assertThatThrownBy(() -> HubId.parse(text))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith("hub id: expected namespace/name or namespace/name@revision, got");
  }

  @Test
  void parse_longName_isRefused() {
    assertThatThrownBy(() -> HubId.parse("a/" + "b".repeat(97)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("at most 96 characters");
  }

  @Test
  void location_existingFolder_isAFolder() {
    assertThat(ModelLocation.parse(folder.toString())).isEqualTo(new ModelLocation.Folder(folder));
  }

  @Test
  void location_hubId_isOnTheHub() {
    assertThat(ModelLocation.parse("Qwen/Qwen3-0.6B@v1"))
        .isEqualTo(new ModelLocation.OnHub(new HubId("Qwen/Qwen3-0.6B", "v1")));
  }

  @Test
  void location_ggufFile_isAFile() throws IOException {
    Path file = Files.createFile(folder.resolve("model-q8_0.gguf"));

    assertThat(ModelLocation.parse(file.toString())).isEqualTo(new ModelLocation.File(file));
  }

  @Test
  void location_ggufFileOfARepository_isOnTheHub() {
    assertThat(ModelLocation.parse("Qwen/Qwen3-0.6B-GGUF@v1:q8/Qwen3-0.6B-Q8_0.gguf"))
        .isEqualTo(
            new ModelLocation.FileOnHub(
                new HubId("Qwen/Qwen3-0.6B-GGUF", "v1"), "q8/Qwen3-0.6B-Q8_0.gguf"));
    assertThat(
            new ModelLocation.FileOnHub(HubId.parse("a/b"), "m-00001-of-00002.gguf")
                .selection()
                .select(
                    List.of("m-00001-of-00002.gguf", "m-00002-of-00002.gguf", "n-00001-of-2.gguf")))
        .containsExactly("m-00001-of-00002.gguf", "m-00002-of-00002.gguf");
  }

  @ParameterizedTest
  @ValueSource(strings = {"absent.gguf", "a/b:../c.gguf", "a/b:*.gguf", "a/b:/c.gguf"})
  void location_ggufFileOfNoRepository_isRefused(String text) {
    assertThatThrownBy(() -> ModelLocation.parse(text))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("as a hub id: ");
  }

  @ParameterizedTest
  @ValueSource(strings = {"./model", "/no/such/folder", "../model", "~/model", "C:\\m", "models/"})
  void location_absentPath_isNotLookedUpOnTheHub(String text) {
    assertThatThrownBy(() -> ModelLocation.parse(text))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith("model: expected an existing folder or a hub id such as")
        .hasMessageContaining("as a folder: no such folder; as a hub id: ");
  }

  @Test
  void location_file_isNoFolder() throws IOException {
    Path file = Files.createFile(folder.resolve("model.safetensors"));

    assertThatThrownBy(() -> ModelLocation.parse(file.toString()))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("as a folder: it is a file, not a folder");
  }
}
