package dev.wick.hub;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.BrokenBarrierException;
import java.util.concurrent.Callable;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Downloads that succeed, if necessary after some trouble. */
final class HubDownloadTest {
  private static final HubId ID = HubId.parse(FakeHub.REPO);
  private static final byte[] WEIGHTS = bytes(100_000);

  @TempDir Path folder;
  private FakeHub fake;

  @BeforeEach
  void start() {
    fake = new FakeHub(folder);
  }

  @AfterEach
  void stop() throws IOException {
    fake.close();
  }

  static byte[] bytes(int length) {
    byte[] bytes = new byte[length];
    new Random(length).nextBytes(bytes);
    return bytes;
  }

  private Path resolve() throws IOException {
    return fake.client().resolve(FakeHub.REPO, DownloadListener.NONE);
  }

  private List<String> files(Path folder) throws IOException {
    try (Stream<Path> paths = Files.walk(folder)) {
      return paths
          .filter(path -> !Files.isDirectory(path))
          .map(path -> folder.relativize(path).toString())
          .sorted()
          .toList();
    }
  }

  @Test
  void resolve_freshRepo_hasTheLayoutThatPythonReads() throws IOException {
    byte[] config = "{\"model_type\":\"qwen3\"}".getBytes(StandardCharsets.UTF_8);
    fake.model(WEIGHTS);

    Path snapshot = resolve();

    assertThat(snapshot).isEqualTo(fake.snapshot());
    assertThat(fake.repoFolder().resolve("refs/main")).hasContent(FakeHub.COMMIT);
    assertThat(Files.readSymbolicLink(snapshot.resolve("model.safetensors")))
        .hasToString("../../blobs/" + FakeHub.sha256(WEIGHTS));
    assertThat(Files.readSymbolicLink(snapshot.resolve("config.json")))
        .hasToString("../../blobs/" + FakeHub.gitSha1(config));
    assertThat(snapshot.resolve("model.safetensors")).hasBinaryContent(WEIGHTS);
    assertThat(files(fake.repoFolder().resolve("blobs"))).hasSize(3);
    assertThat(folder.resolve("hub/.locks/models--Qwen--Tiny/" + FakeHub.sha256(WEIGHTS) + ".lock"))
        .exists();
  }

  @Test
  void resolve_repoWithOtherFormats_takesOnlyWhatAModelNeeds() throws IOException {
    fake.model(WEIGHTS)
        .file("generation_config.json", "{}")
        .file("chat_template.jinja", "{{ messages }}")
        .file("LICENSE", "Apache-2.0")
        .file("README.md", "hello")
        .file("pytorch_model.bin", "pickle")
        .file("model-q4.gguf", "GGUF")
        .file("onnx/model.onnx", "onnx")
        .file("original/consolidated.safetensors", bytes(10))
        .file("model-00001-of-00002.safetensors", bytes(11))
        .file("model-00002-of-00002.safetensors", bytes(12))
        .file("model.safetensors.index.json", "{}");

    Path snapshot = resolve();

    assertThat(files(snapshot))
        .containsExactly(
            "LICENSE",
            "chat_template.jinja",
            "config.json",
            "generation_config.json",
            "model.safetensors",
            "tokenizer.json");
  }

  @Test
  void resolve_shardedRepo_takesTheShardsThatTheIndexNames() throws IOException {
    fake.model(WEIGHTS)
        .file("model-00001-of-00002.safetensors", bytes(11))
        .file("model-00002-of-00002.safetensors", bytes(12))
        .file("consolidated.safetensors", bytes(23))
        .file(
            "model.safetensors.index.json",
            """
            {"weight_map": {"a": "model-00001-of-00002.safetensors",
                            "b": "model-00002-of-00002.safetensors"}}
            """);
    fake.remove("model.safetensors");

    Path snapshot = resolve();

    assertThat(files(snapshot))
        .containsExactly(
            "config.json",
            "model-00001-of-00002.safetensors",
            "model-00002-of-00002.safetensors",
            "model.safetensors.index.json",
            "tokenizer.json");
  }

  @Test
  void resolve_patterns_takeWhatMatches() throws IOException {
    fake.model(WEIGHTS).file("model-q4.gguf", "GGUF").file("original/params.json", "{}");

    Path snapshot =
        fake.client()
            .resolve(ID, FileSelection.matching("*.gguf", "original/*"), DownloadListener.NONE);

    assertThat(files(snapshot)).containsExactly("model-q4.gguf", "original/params.json");
    assertThat(Files.readSymbolicLink(snapshot.resolve("original/params.json")).toString())
        .startsWith("../../../blobs/");
  }

  @Test
  void resolve_connectionCutThreeTimes_continuesWhereItBroke() throws IOException {
    fake.model(WEIGHTS);
    fake.faults(
        "GET model.safetensors",
        reply -> reply, // the hub's redirect
        reply -> reply.cutAfter(30_000),
        reply -> reply,
        reply -> reply.cutAfter(20_000),
        reply -> reply,
        reply -> reply.cutAfter(0));

    Path snapshot = resolve();

    assertThat(snapshot.resolve("model.safetensors")).hasBinaryContent(WEIGHTS);
    assertThat(fake.deliveries("model.safetensors").stream().map(r -> r.header("Range")))
        .containsExactly("", "bytes=30000-", "bytes=50000-", "bytes=50000-");
    assertThat(fake.waits)
        .containsExactly(Duration.ofSeconds(1), Duration.ofSeconds(2), Duration.ofSeconds(4));
  }

  @Test
  void resolve_partOfAnEarlierRun_isContinued() throws IOException {
    fake.model(WEIGHTS);
    Path blob = fake.blob(WEIGHTS, true);
    Files.createDirectories(blob.getParent());
    Files.write(
        blob.resolveSibling(blob.getFileName() + ".incomplete"), Arrays.copyOf(WEIGHTS, 70_000));

    Path snapshot = resolve();

    assertThat(snapshot.resolve("model.safetensors")).hasBinaryContent(WEIGHTS);
    assertThat(fake.deliveries("model.safetensors"))
        .singleElement()
        .extracting(request -> request.header("Range"))
        .isEqualTo("bytes=70000-");
  }

  @Test
  void resolve_partWithWrongBytes_startsOver() throws IOException {
    fake.model(WEIGHTS);
    Path blob = fake.blob(WEIGHTS, true);
    Files.createDirectories(blob.getParent());
    Files.write(blob.resolveSibling(blob.getFileName() + ".incomplete"), new byte[70_000]);

    Path snapshot = resolve();

    assertThat(snapshot.resolve("model.safetensors")).hasBinaryContent(WEIGHTS);
    assertThat(fake.deliveries("model.safetensors").stream().map(r -> r.header("Range")))
        .containsExactly("bytes=70000-", "");
  }

  @Test
  void resolve_partThatIsTooLong_startsOver() throws IOException {
    fake.model(WEIGHTS);
    Path blob = fake.blob(WEIGHTS, true);
    Files.createDirectories(blob.getParent());
    Files.write(blob.resolveSibling(blob.getFileName() + ".incomplete"), new byte[100_001]);

    assertThat(resolve().resolve("model.safetensors")).hasBinaryContent(WEIGHTS);
  }

  @Test
  void resolve_serverIgnoresRange_takesTheWhole() throws IOException {
    fake.model(WEIGHTS);
    fake.faults(
        "GET /signed/model.safetensors",
        reply -> reply.cutAfter(30_000),
        reply -> FakeServer.Reply.of(200, WEIGHTS));

    assertThat(resolve().resolve("model.safetensors")).hasBinaryContent(WEIGHTS);
    assertThat(fake.deliveries("model.safetensors")).hasSize(2);
  }

  @Test
  void resolve_serverContinuesAtAnotherPlace_startsOver() throws IOException {
    fake.model(WEIGHTS);
    fake.faults(
        "GET /signed/model.safetensors",
        reply -> reply.cutAfter(30_000),
        reply -> reply.with("Content-Range", "bytes 29999-99999/100000"));

    assertThat(resolve().resolve("model.safetensors")).hasBinaryContent(WEIGHTS);
    assertThat(fake.deliveries("model.safetensors").stream().map(r -> r.header("Range")))
        .containsExactly("", "bytes=30000-", "");
  }

  @Test
  void resolve_declaredLengthTooShort_isNotTaken() throws IOException {
    fake.model(WEIGHTS);
    fake.faults(
        "GET /signed/model.safetensors",
        reply -> reply.cutAfter(30_000),
        reply -> reply.declaring(40_000).cutAfter(40_000));

    assertThat(resolve().resolve("model.safetensors")).hasBinaryContent(WEIGHTS);
    assertThat(fake.deliveries("model.safetensors").stream().map(r -> r.header("Range")))
        .containsExactly("", "bytes=30000-", "bytes=30000-");
  }

  @Test
  void resolve_declaredLengthTooLong_isNotTaken() throws IOException {
    fake.model(WEIGHTS);
    fake.faults("GET config.json", reply -> reply.declaring(5_000));

    assertThat(resolve().resolve("config.json")).hasContent("{\"model_type\":\"qwen3\"}");
    assertThat(fake.waits).containsExactly(Duration.ofSeconds(1));
  }

  @Test
  void resolve_noDeclaredLength_isTaken() throws IOException {
    fake.model(WEIGHTS);
    fake.faults("GET /signed/model.safetensors", reply -> reply.declaring(-1));
    fake.faults("HEAD config.json", reply -> reply.declaring(-1));
    fake.faults("GET config.json", reply -> reply.declaring(-1));

    Path snapshot = resolve();

    assertThat(snapshot.resolve("model.safetensors")).hasBinaryContent(WEIGHTS);
    assertThat(snapshot.resolve("config.json")).hasContent("{\"model_type\":\"qwen3\"}");
    assertThat(fake.waits).isEmpty();
  }

  @Test
  void resolve_errorPageWithStatus200_doesNotSpoilWhatIsHere() throws IOException {
    fake.model(WEIGHTS);
    fake.faults(
        "GET /signed/model.safetensors",
        reply -> reply.cutAfter(30_000),
        reply -> FakeServer.Reply.of(200, "<html>busy</html>"));

    assertThat(resolve().resolve("model.safetensors")).hasBinaryContent(WEIGHTS);
    assertThat(fake.deliveries("model.safetensors").stream().map(r -> r.header("Range")))
        .containsExactly("", "bytes=30000-", "bytes=30000-");
  }

  @Test
  void resolve_downloadStandsStill_isContinued() throws IOException {
    fake.model(WEIGHTS);
    fake.faults("GET /signed/model.safetensors", reply -> reply.hangingAfter(10_000));

    Path snapshot =
        fake.builder()
            .timeout(Duration.ofSeconds(1))
            .build()
            .resolve(FakeHub.REPO, DownloadListener.NONE);

    assertThat(snapshot.resolve("model.safetensors")).hasBinaryContent(WEIGHTS);
    assertThat(fake.deliveries("model.safetensors").get(1).header("Range"))
        .isEqualTo("bytes=10000-");
  }

  @Test
  void resolve_tooManyRequests_waitsAsLongAsAsked() throws IOException {
    fake.model(WEIGHTS);
    fake.faults(
        "GET /revision/main",
        reply -> FakeServer.Reply.of(429, "").with("Retry-After", "37"),
        reply -> FakeServer.Reply.of(429, "").with("RateLimit", "\"api\";r=0;t=55"));
    fake.faults("HEAD config.json", reply -> FakeServer.Reply.of(503, "later"));

    resolve();

    assertThat(fake.waits)
        .containsExactly(Duration.ofSeconds(37), Duration.ofSeconds(55), Duration.ofSeconds(1));
  }

  @Test
  void resolve_token_goesToTheHubAndNotToTheStore() throws IOException {
    fake.model(WEIGHTS);
    fake.environment.put("HF_TOKEN", " hf_secret\n");

    resolve();

    assertThat(fake.hub.requests())
        .isNotEmpty()
        .allSatisfy(r -> assertThat(r.header("Authorization")).isEqualTo("Bearer hf_secret"));
    assertThat(fake.store.requests())
        .isNotEmpty()
        .allSatisfy(r -> assertThat(r.headers()).doesNotContainKey("authorization"));
  }

  @Test
  void resolve_proxyInTheEnvironment_isUsedButWhereExcluded() throws IOException {
    fake.model(WEIGHTS);
    fake.environment.put("http_proxy", fake.hub.address());
    fake.environment.put("NO_PROXY", "example.org, 127.0.0.1");
    fake.environment.put("HF_ENDPOINT", "http://hub.example");

    assertThat(resolve().resolve("model.safetensors")).hasBinaryContent(WEIGHTS);

    assertThat(fake.hub.requests())
        .allSatisfy(request -> assertThat(request.header("Host")).isEqualTo("hub.example"));
    assertThat(fake.store.requests()).hasSize(1);
  }

  @Test
  void resolve_redirectOnTheSameHost_keepsTheToken() throws IOException {
    fake.model(WEIGHTS);
    fake.environment.put("HF_TOKEN", "hf_secret");
    fake.faults(
        "GET /revision/main",
        reply ->
            FakeServer.Reply.of(307, "")
                .with("Location", "/api/models/" + FakeHub.REPO + "/revision/moved"));

    resolve();

    assertThat(fake.hub.requests().get(1).path()).endsWith("/revision/moved");
    assertThat(fake.hub.requests().get(1).header("Authorization")).isEqualTo("Bearer hf_secret");
  }

  @Test
  void resolve_redirectWithIllegalCharacters_isFollowed() throws IOException {
    fake.model(WEIGHTS);
    fake.faults(
        "GET /revision/main",
        reply ->
            FakeServer.Reply.of(307, "")
                .with("Location", "/api/models/Qwen/Tiny/revision/a?x=\"b|c\"&y=%22&z=100%"));

    resolve();

    assertThat(fake.hub.requests().get(1).path())
        .endsWith("/revision/a?x=%22b%7Cc%22&y=%22&z=100%25");
  }

  @Test
  void resolve_tokenFile_isReadUnlessForbidden() throws IOException {
    fake.model(WEIGHTS);
    Files.writeString(folder.resolve("token"), "hf_file\n");
    resolve();
    fake.environment.put("HF_HUB_DISABLE_IMPLICIT_TOKEN", "1");
    resolve();

    assertThat(fake.hub.requests().getFirst().header("Authorization")).isEqualTo("Bearer hf_file");
    assertThat(fake.hub.requests().getLast().headers()).doesNotContainKey("authorization");
  }

  @Test
  void resolve_again_asksOnlyForTheRevision() throws IOException {
    fake.model(WEIGHTS);
    resolve();
    int before = fake.hub.requests().size();

    resolve();

    assertThat(fake.hub.requests().subList(before, fake.hub.requests().size()))
        .singleElement()
        .extracting(FakeServer.Request::path)
        .isEqualTo("/api/models/Qwen/Tiny/revision/main");
  }

  @Test
  void resolve_cachedCommit_asksNothing() throws IOException {
    fake.model(WEIGHTS);
    resolve();
    int before = fake.hub.requests().size();

    Path snapshot =
        fake.client().resolve(FakeHub.REPO + "@" + FakeHub.COMMIT, DownloadListener.NONE);

    assertThat(snapshot).isEqualTo(fake.snapshot());
    assertThat(fake.hub.requests()).hasSize(before);
  }

  @Test
  void resolve_newCommit_sharesUnchangedFiles() throws IOException {
    fake.model(WEIGHTS);
    resolve();
    fake.commit = "f".repeat(40);
    fake.file("config.json", "{\"changed\":true}");

    Path snapshot = resolve();

    assertThat(snapshot.resolve("config.json")).hasContent("{\"changed\":true}");
    assertThat(fake.deliveries("model.safetensors")).hasSize(1);
    assertThat(fake.repoFolder().resolve("refs/main")).hasContent("f".repeat(40));
  }

  @Test
  void resolve_revisionWithSlash_isEncodedAndCached() throws IOException {
    fake.model(WEIGHTS);

    fake.client().resolve(FakeHub.REPO + "@refs/pr/1", DownloadListener.NONE);

    assertThat(fake.hub.requests().getFirst().path()).endsWith("/revision/refs%2Fpr%2F1");
    assertThat(fake.repoFolder().resolve("refs/refs/pr/1")).hasContent(FakeHub.COMMIT);
  }

  @Test
  void resolve_withoutSymlinks_movesFilesIntoTheSnapshot() throws IOException {
    fake.model(WEIGHTS);
    fake.environment.put("HF_HUB_DISABLE_SYMLINKS", "1");

    Path snapshot = resolve();

    assertThat(snapshot.resolve("model.safetensors"))
        .satisfies(file -> assertThat(Files.isSymbolicLink(file)).isFalse())
        .hasBinaryContent(WEIGHTS);
    assertThat(files(fake.repoFolder().resolve("blobs"))).isEmpty();
    assertThat(fake.client().list().getFirst().revisions().getFirst().files()).isEqualTo(3);
  }

  @Test
  void resolve_listener_hearsRisingNumbersAndTheEnd() throws IOException {
    fake.model(WEIGHTS);
    List<DownloadProgress> heard = new ArrayList<>();

    fake.client().resolve(FakeHub.REPO, heard::add);

    assertThat(heard).extracting(DownloadProgress::filesDone).isSorted();
    assertThat(heard).extracting(DownloadProgress::bytes).isSorted();
    DownloadProgress last = heard.getLast();
    assertThat(last.done()).isTrue();
    assertThat(last.files()).isEqualTo(3);
    assertThat(last.bytes()).isEqualTo(last.totalBytes()).isGreaterThan(100_000);
    assertThat(last.bytesPerSecond()).isPositive();
  }

  @Test
  void resolve_listenerThrows_endsTheDownload() {
    fake.model(WEIGHTS);

    assertThatThrownBy(
            () ->
                fake.client()
                    .resolve(
                        FakeHub.REPO,
                        progress -> {
                          throw new IllegalStateException("enough");
                        }))
        .isInstanceOf(IllegalStateException.class)
        .hasMessage("enough");
  }

  @Test
  void resolve_interrupted_keepsWhatCame() throws Exception {
    fake.model(WEIGHTS);
    Thread caller = Thread.currentThread();
    fake.faults(
        "GET /signed/model.safetensors",
        reply -> {
          caller.interrupt();
          return reply.hangingAfter(10_000);
        });

    assertThatThrownBy(this::resolve)
        .isInstanceOf(InterruptedIOException.class)
        .hasMessageContaining("cancelled");

    assertThat(Thread.interrupted()).isTrue();
    assertThat(fake.snapshot().resolve("model.safetensors")).doesNotExist();
    assertThat(fake.repoFolder().resolve("refs/main")).doesNotExist();
    assertThat(resolve().resolve("model.safetensors")).hasBinaryContent(WEIGHTS);
  }

  @Test
  void resolve_severalFiles_comeAtTheSameTime() throws IOException {
    fake.model(WEIGHTS);
    CyclicBarrier together = new CyclicBarrier(2);
    FakeHub.Fault afterBothAsked =
        reply -> {
          try {
            together.await(60, TimeUnit.SECONDS);
            return reply;
          } catch (InterruptedException | BrokenBarrierException | TimeoutException e) {
            throw new AssertionError("the other file was not asked for", e);
          }
        };
    fake.faults("GET config.json", afterBothAsked);
    fake.faults("GET tokenizer.json", afterBothAsked);

    assertThat(resolve().resolve("tokenizer.json")).exists();
    assertThat(fake.waits).isEmpty();
  }

  @Test
  void resolve_twoThreads_downloadOnce() throws Exception {
    fake.model(WEIGHTS);
    CyclicBarrier start = new CyclicBarrier(2);
    Callable<Path> task =
        () -> {
          start.await(60, TimeUnit.SECONDS);
          return resolve();
        };

    try (ExecutorService threads = Executors.newFixedThreadPool(2)) {
      Future<Path> first = threads.submit(task);
      Future<Path> second = threads.submit(task);
      assertThat(first.get()).isEqualTo(second.get());
    }

    assertThat(fake.deliveries("model.safetensors")).hasSize(1);
  }
}
