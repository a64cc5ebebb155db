package dev.wick.hub;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is in the cache, and taking it out. */
final class CacheContentsTest {
  private static final byte[] WEIGHTS = HubDownloadTest.bytes(50_000);
  private static final byte[] OLD_CONFIG =
      "{\"model_type\":\"qwen3\"}".getBytes(StandardCharsets.UTF_8);
  private static final byte[] NEW_CONFIG = "{\"changed\":true}".getBytes(StandardCharsets.UTF_8);
  private static final String NEW_COMMIT = "f".repeat(40);

  @TempDir Path folder;
  private FakeHub fake;
  private Hub hub;

  @BeforeEach
  void start() {
    fake = new FakeHub(folder);
    fake.model(WEIGHTS);
    hub = fake.client();
  }

  @AfterEach
  void stop() throws IOException {
    fake.close();
  }

  /** Two commits that share the weights: the old one as v1, the new one as main. */
  private void twoRevisions() throws IOException {
    hub.resolve(FakeHub.REPO + "@v1", DownloadListener.NONE);
    fake.commit = NEW_COMMIT;
    fake.file("config.json", NEW_CONFIG);
    hub.resolve(FakeHub.REPO, DownloadListener.NONE);
  }

  @Test
  void list_emptyCache_isEmpty() throws IOException {
    assertThat(hub.list()).isEmpty();
  }

  @Test
  void list_twoRevisions_countsSharedFilesOnce() throws IOException {
    Instant before = Instant.now().minusSeconds(5);
    twoRevisions();

    CachedRepo repo = hub.list().getFirst();

    assertThat(repo.repo()).isEqualTo(FakeHub.REPO);
    assertThat(repo.folder()).isEqualTo(fake.repoFolder());
    assertThat(repo.lastUsed()).isAfter(before);
    assertThat(repo.revisions())
        .extracting(CachedRevision::commit, CachedRevision::refs, CachedRevision::files)
        .containsExactlyInAnyOrder(
            tuple(NEW_COMMIT, List.of("main"), 3), tuple(FakeHub.COMMIT, List.of("v1"), 3));
    assertThat(repo.sizeOnDisk()).isBetween(50_000L, 51_000L);
    assertThat(repo.revisions()).allSatisfy(r -> assertThat(r.size()).isBetween(50_000L, 51_000L));
  }

  @Test
  void list_brokenOffDownload_isShown() throws IOException {
    Path blobs = Files.createDirectories(fake.repoFolder().resolve("blobs"));
    Files.write(blobs.resolve("abc.incomplete"), new byte[77]);

    assertThat(hub.list())
        .singleElement()
        .satisfies(repo -> assertThat(repo.revisions()).isEmpty())
        .satisfies(repo -> assertThat(repo.sizeOnDisk()).isEqualTo(77));
    assertThat(hub.remove(FakeHub.REPO)).isEqualTo(77);
  }

  @Test
  void remove_repo_leavesNothing() throws IOException {
    twoRevisions();

    assertThat(hub.remove(FakeHub.REPO)).isBetween(50_000L, 51_000L);

    assertThat(fake.repoFolder()).doesNotExist();
    assertThat(folder.resolve("hub/.locks/models--Qwen--Tiny")).doesNotExist();
    assertThat(hub.list()).isEmpty();
  }

  @Test
  void remove_revision_keepsWhatTheOtherNeeds() throws IOException {
    twoRevisions();

    long freed = hub.remove(FakeHub.REPO + "@v1");

    assertThat(freed).isEqualTo(OLD_CONFIG.length);
    assertThat(fake.blob(OLD_CONFIG, false)).doesNotExist();
    assertThat(fake.blob(NEW_CONFIG, false)).exists();
    assertThat(fake.repoFolder().resolve("refs/v1")).doesNotExist();
    assertThat(fake.repoFolder().resolve("snapshots").resolve(FakeHub.COMMIT)).doesNotExist();
    assertThat(fake.snapshot().resolve("model.safetensors")).hasBinaryContent(WEIGHTS);
  }

  @Test
  void remove_revisionByCommitPrefix_isFound() throws IOException {
    twoRevisions();

    hub.remove(FakeHub.REPO + "@" + FakeHub.COMMIT.substring(0, 12));

    assertThat(hub.list().getFirst().revisions())
        .singleElement()
        .extracting(CachedRevision::commit)
        .isEqualTo(NEW_COMMIT);
  }

  @Test
  void remove_onlyRevision_removesTheRepo() throws IOException {
    hub.resolve(FakeHub.REPO, DownloadListener.NONE);

    hub.remove(FakeHub.REPO + "@main");

    assertThat(fake.repoFolder()).doesNotExist();
  }

  @Test
  void remove_absentRepo_saysSo() {
    assertThatThrownBy(() -> hub.remove("Qwen/Other"))
        .isInstanceOf(HubException.class)
        .hasMessageContaining("Qwen/Other: cannot be removed, it is not in the cache");
  }

  @Test
  void remove_absentRevision_saysWhatThereIs() throws IOException {
    twoRevisions();

    assertThatThrownBy(() -> hub.remove(FakeHub.REPO + "@v9"))
        .isInstanceOf(HubException.class)
        .hasMessageContaining("the cache has no such revision; it has ")
        .hasMessageContaining("ffffffffffff [main]");
    assertThat(hub.list().getFirst().revisions()).hasSize(2);
  }
}
