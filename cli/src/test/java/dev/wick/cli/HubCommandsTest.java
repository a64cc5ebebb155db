package dev.wick.cli;

import static dev.wick.cli.Invocation.wick;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.wick.hub.Hub;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** {@code pull}, {@code list} and {@code rm}, on a cache that the build has to itself. */
class HubCommandsTest {
  private static final String COMMIT = "0123456789abcdef0123456789abcdef01234567";

  private final Path repo = Hub.fromEnvironment().cacheFolder().resolve("models--acme--cached");

  @BeforeEach
  void cacheAModel() throws IOException {
    Path snapshot = Files.createDirectories(repo.resolve("snapshots").resolve(COMMIT));
    Files.createDirectories(repo.resolve("refs"));
    Files.writeString(repo.resolve("refs").resolve("main"), COMMIT);
    try (Stream<Path> files = Files.list(Path.of(Invocation.MODEL))) {
      for (Path file : files.toList()) {
        Path copy = snapshot.resolve(file.getFileName());
        Files.deleteIfExists(copy);
        Files.copy(file, copy);
      }
    }
  }

  @AfterEach
  void clear() throws IOException {
    if (Files.exists(repo)) {
      try (Stream<Path> files = Files.walk(repo)) {
        for (Path file : files.sorted(java.util.Comparator.reverseOrder()).toList()) {
          Files.delete(file);
        }
      }
    }
  }

  @Test
  void list_cachedModel_showsSizeAndRevisions() {
    Invocation invocation = wick("list");

    assertThat(invocation.code()).as(invocation.err()).isZero();
    assertThat(invocation.out())
        .containsPattern("acme/cached +\\d+ KB")
        .containsPattern("0123456 \\(main\\) +\\d+ KB +5 files");
  }

  @Test
  void list_json_hasTheWholeHash() throws IOException {
    JsonNode json = new ObjectMapper().readTree(wick("list", "--json").out());

    assertThat(json.get(0).get("repo").asText()).isEqualTo("acme/cached");
    assertThat(json.get(0).get("revisions").get(0).get("commit").asText()).isEqualTo(COMMIT);
  }

  @Test
  void pull_cachedOffline_printsTheFolder() {
    Invocation invocation = wick("pull", "acme/cached");

    assertThat(invocation.code()).as(invocation.err()).isZero();
    assertThat(invocation.out().strip())
        .isEqualTo(repo.resolve("snapshots").resolve(COMMIT).toString());
  }

  @Test
  void generate_hubId_runsTheCachedModel() {
    Invocation folder = wick("generate", "-m", Invocation.MODEL, "-p", "a", "--greedy", "-n", "3");
    Invocation hub = wick("generate", "-m", "acme/cached", "-p", "a", "--greedy", "-n", "3");

    assertThat(hub.code()).as(hub.err()).isZero();
    assertThat(hub.out()).isEqualTo(folder.out());
  }

  @Test
  void rm_cachedModel_removesIt() {
    Invocation invocation = wick("rm", "acme/cached");

    assertThat(invocation.code()).as(invocation.err()).isZero();
    assertThat(invocation.out()).containsPattern("acme/cached removed, \\d+ KB freed");
    assertThat(repo).doesNotExist();
    assertThat(wick("list").err()).contains("no models in ");
  }

  @Test
  void rm_unknownModel_saysSo() {
    Invocation invocation = wick("rm", "acme/unknown");

    assertThat(invocation.code()).isEqualTo(1);
    assertThat(invocation.err()).contains("acme/unknown").contains("not in the cache");
  }

  @Test
  void pull_notAHubId_saysWhatOneIs() {
    Invocation invocation = wick("pull", "a/b/c");

    assertThat(invocation.code()).isEqualTo(1);
    assertThat(invocation.err()).contains("expected namespace/name").contains("a/b/c");
  }
}
