package dev.wick.hub;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.InstanceOfAssertFactories.throwable;

import dev.wick.hub.FakeServer.Reply;
import dev.wick.hub.HubException.Reason;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.time.Duration;
import javax.net.ServerSocketFactory;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import org.assertj.core.api.AbstractThrowableAssert;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** Downloads that cannot succeed, and the cache that steps in where it can. */
final class HubFailureTest {
  private static final byte[] WEIGHTS = HubDownloadTest.bytes(100_000);
  private static final String HTML = "<html><body>Please log in to this network</body></html>";

  @TempDir Path folder;
  private FakeHub fake;

  @BeforeEach
  void start() {
    fake = new FakeHub(folder);
    fake.model(WEIGHTS);
  }

  @AfterEach
  void stop() throws IOException {
    fake.close();
  }

  private Path resolve() throws IOException {
    return resolve(FakeHub.REPO);
  }

  private Path resolve(String id) throws IOException {
    return fake.client().resolve(id, DownloadListener.NONE);
  }

  private AbstractThrowableAssert<?, HubException> assertFails(Reason reason) {
    return assertThatThrownBy(this::resolve)
        .asInstanceOf(throwable(HubException.class))
        .satisfies(e -> assertThat(e.reason()).as(e.getMessage()).isEqualTo(reason));
  }

  private void assertNoContentOf(byte[] content, boolean large) {
    Path blob = fake.blob(content, large);
    assertThat(blob).doesNotExist();
    assertThat(blob.resolveSibling(blob.getFileName() + ".incomplete")).doesNotExist();
    assertThat(fake.repoFolder().resolve("refs/main")).doesNotExist();
  }

  @Test
  void resolve_wrongBytesInTheStore_deletesThem() {
    fake.alwaysFaults("GET /signed/model.safetensors", reply -> reply.body(new byte[100_000]));

    assertFails(Reason.DAMAGED)
        .hasMessageContaining("Qwen/Tiny@main, model.safetensors: expected SHA-256")
        .hasMessageContaining("The file was deleted: try again");

    assertNoContentOf(WEIGHTS, true);
    assertThat(fake.deliveries("model.safetensors")).hasSize(1);
  }

  @Test
  void resolve_wrongBytesOfASmallFile_deletesThem() {
    byte[] content = "{\"version\":\"1.0\"}".getBytes(StandardCharsets.UTF_8);
    fake.alwaysFaults("GET tokenizer.json", reply -> reply.body(new byte[content.length]));

    assertFails(Reason.DAMAGED)
        .hasMessageContaining("tokenizer.json: expected git SHA-1 " + FakeHub.gitSha1(content));

    assertNoContentOf(content, false);
  }

  @Test
  void resolve_htmlPageInPlaceOfAFile_isNotTaken() throws IOException {
    fake.alwaysFaults("GET /signed/model.safetensors", reply -> Reply.of(200, HTML));

    assertFails(Reason.UNREACHABLE)
        .hasMessageContaining("asked for the bytes from 0 of 100000, got status 200 with length 55")
        .hasMessageContaining("check HF_ENDPOINT and the proxy");

    Path blob = fake.blob(WEIGHTS, true);
    assertThat(blob).doesNotExist();
    assertThat(blob.resolveSibling(blob.getFileName() + ".incomplete")).isEmptyFile();
  }

  @Test
  void resolve_longerThanSaid_isNotKept() {
    fake.alwaysFaults(
        "GET /signed/model.safetensors",
        reply -> reply.body(HubDownloadTest.bytes(200_000)).declaring(-1));

    assertFails(Reason.DAMAGED)
        .hasMessageContaining("more than the expected 100000 bytes came")
        .hasMessageContaining("deleted");

    assertNoContentOf(WEIGHTS, true);
  }

  @Test
  void resolve_alwaysCutShort_givesUpAndKeepsWhatCame() throws IOException {
    fake.alwaysFaults("GET /signed/model.safetensors", reply -> reply.cutAfter(10));

    assertFails(Reason.UNREACHABLE)
        .hasMessageContaining("What has arrived of it (60 of 100000 bytes) is kept: try again");

    Path blob = fake.blob(WEIGHTS, true);
    assertThat(Files.size(blob.resolveSibling(blob.getFileName() + ".incomplete"))).isEqualTo(60);
    assertThat(fake.waits).extracting(Duration::toSeconds).containsExactly(1L, 2L, 4L, 8L, 16L);
  }

  @Test
  void resolve_status401WithoutToken_namesTheRemedies() {
    fake.alwaysFaults("GET /revision/main", reply -> Reply.of(401, ""));

    assertFails(Reason.ACCESS_DENIED)
        .hasMessageStartingWith("Qwen/Tiny@main: the hub answered 401")
        .hasMessageContaining("does not exist, or is private or gated")
        .hasMessageContaining("set HF_TOKEN");

    assertThat(fake.waits).isEmpty();
  }

  @Test
  void resolve_status401WithToken_doubtsTheToken() {
    fake.environment.put("HF_TOKEN", "hf_secret");
    fake.alwaysFaults("GET /revision/main", reply -> Reply.of(401, ""));

    assertFails(Reason.ACCESS_DENIED)
        .hasMessageContaining("The token that was sent")
        .message()
        .doesNotContain("hf_secret");
  }

  @Test
  void resolve_gatedRepo_namesThePageOfTheLicence() {
    fake.alwaysFaults(
        "HEAD config.json", reply -> Reply.of(403, "").with("X-Error-Code", "GatedRepo"));

    assertFails(Reason.ACCESS_DENIED)
        .hasMessageContaining("Qwen/Tiny@main, config.json: the hub answered 403")
        .hasMessageContaining("accept its licence at " + fake.hub.address() + "/Qwen/Tiny");
  }

  @Test
  void resolve_storeRefuses_doesNotBlameTheToken() {
    fake.alwaysFaults("GET /signed/model.safetensors", reply -> Reply.of(403, "expired"));

    assertFails(Reason.ACCESS_DENIED)
        .hasMessageContaining("The file store 127.0.0.1 refused the hub's own link");
  }

  @Test
  void resolve_unknownRepo_saysSo() {
    fake.alwaysFaults(
        "GET /revision/main", reply -> Reply.of(404, "").with("X-Error-Code", "RepoNotFound"));

    assertFails(Reason.REPOSITORY_NOT_FOUND)
        .hasMessageContaining("no such repository: check the spelling of 'Qwen/Tiny'");
  }

  @Test
  void resolve_unknownRevision_isNotServedFromTheCache() throws IOException {
    resolve();
    fake.alwaysFaults(
        "GET /revision/main", reply -> Reply.of(404, "").with("X-Error-Code", "RevisionNotFound"));

    assertFails(Reason.REVISION_NOT_FOUND).hasMessageContaining("no revision 'main'");
  }

  @Test
  void resolve_listedFileMissing_namesIt() {
    fake.alwaysFaults("HEAD config.json", reply -> Reply.of(404, ""));

    assertFails(Reason.FILE_NOT_FOUND)
        .hasMessageContaining("Qwen/Tiny@main, config.json: the hub answered 404")
        .hasMessageContaining("no such file");
  }

  @Test
  void resolve_askedToWaitTooLong_givesUpAtOnce() {
    fake.alwaysFaults("GET /revision/main", reply -> Reply.of(429, "").with("Retry-After", "900"));

    assertFails(Reason.BUSY)
        .hasMessageContaining("try again in 900 seconds")
        .hasMessageContaining("set HF_TOKEN, which raises the limit");
    assertThat(fake.waits).isEmpty();
  }

  @Test
  void resolve_serverKeepsFailing_givesUpAfterThree() {
    fake.alwaysFaults("GET /revision/main", reply -> Reply.of(502, ""));

    assertFails(Reason.BUSY).hasMessageContaining("the hub answered 502");
    assertThat(fake.hub.requests()).hasSize(3);
  }

  @Test
  void resolve_loginPage_isRecognised() {
    fake.alwaysFaults("GET /revision/main", reply -> Reply.of(200, HTML));

    assertFails(Reason.UNEXPECTED_ANSWER)
        .hasMessageContaining("perhaps the login page of a network");
  }

  @Test
  void resolve_noHubHeaders_isRecognised() {
    fake.alwaysFaults("HEAD config.json", reply -> Reply.of(200, HTML).with("ETag", "\"abc\""));

    assertFails(Reason.UNEXPECTED_ANSWER).hasMessageContaining("no X-Repo-Commit");
  }

  @Test
  void resolve_redirectsInACircle_end() {
    fake.alwaysFaults(
        "GET /revision/main",
        reply -> Reply.of(307, "").with("Location", "/api/models/Qwen/Tiny/revision/main"));

    assertFails(Reason.UNEXPECTED_ANSWER).hasMessageContaining("more than 10 redirects");
  }

  @Test
  void resolve_redirectToAFile_isNotFollowed() {
    fake.alwaysFaults(
        "GET /revision/main", reply -> Reply.of(307, "").with("Location", "file:///etc/passwd"));

    assertFails(Reason.UNEXPECTED_ANSWER).hasMessageContaining("redirects to 'file:///etc/passwd'");
  }

  @Test
  void resolve_offlineAndNotCached_saysHowToGoOnline() {
    fake.environment.put("HF_HUB_OFFLINE", "1");

    assertFails(Reason.OFFLINE)
        .hasMessageContaining("no complete copy")
        .hasMessageContaining("Unset HF_HUB_OFFLINE");
    assertThat(fake.hub.requests()).isEmpty();
  }

  @Test
  void resolve_offlineAndCached_asksNothing() throws IOException {
    Path online = resolve();
    int requests = fake.hub.requests().size();
    fake.environment.put("TRANSFORMERS_OFFLINE", "yes");

    assertThat(resolve()).isEqualTo(online);
    assertThat(fake.hub.requests()).hasSize(requests);
  }

  @Test
  void resolve_offlineAndBlobGone_isNotComplete() throws IOException {
    resolve();
    Files.delete(fake.blob(WEIGHTS, true));
    fake.environment.put("HF_HUB_OFFLINE", "1");

    assertFails(Reason.OFFLINE);
  }

  @Test
  void resolve_blobGone_downloadsItAgain() throws IOException {
    resolve();
    Files.delete(fake.blob(WEIGHTS, true));

    assertThat(resolve().resolve("model.safetensors")).hasBinaryContent(WEIGHTS);
  }

  @Test
  void resolve_hubGoneAndCached_usesTheCache() throws IOException {
    Path online = resolve();
    fake.close();

    assertThat(resolve()).isEqualTo(online);
    assertThat(fake.waits).isEmpty();
  }

  @Test
  void resolve_hubGoneAndNotCached_namesTheHost() throws IOException {
    fake.close();

    assertFails(Reason.UNREACHABLE)
        .hasMessageContaining("no answer from " + fake.hub.address())
        .hasMessageContaining("Check the network");
  }

  @Test
  void resolve_untrustedCertificate_isNotTriedAgain() throws Exception {
    try (FakeServer server = new FakeServer(request -> Reply.of(200, ""), selfSigned())) {
      fake.environment.put("HF_ENDPOINT", server.address().replace("http:", "https:"));

      assertFails(Reason.UNEXPECTED_ANSWER)
          .hasMessageContaining("the certificate of https://127.0.0.1:")
          .hasMessageContaining("trust store");
      assertThat(fake.waits).isEmpty();
    }
  }

  private static ServerSocketFactory selfSigned() throws Exception {
    // keytool -genkeypair -keyalg EC -dname CN=localhost -ext san=ip:127.0.0.1 -validity 36500
    char[] password = "password".toCharArray();
    KeyStore keys = KeyStore.getInstance("PKCS12");
    try (InputStream in = HubFailureTest.class.getResourceAsStream("self-signed.p12")) {
      keys.load(in, password);
    }
    KeyManagerFactory managers = KeyManagerFactory.getInstance("PKIX");
    managers.init(keys, password);
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(managers.getKeyManagers(), null, null);
    return context.getServerSocketFactory();
  }

  @Test
  void resolve_noTlsOnTheOtherSide_isTriedAgain() {
    fake.environment.put("HF_ENDPOINT", fake.hub.address().replace("http:", "https:"));

    assertFails(Reason.UNREACHABLE).hasMessageContaining("no answer from https://127.0.0.1:");
    assertThat(fake.waits).hasSize(2);
  }

  @Test
  void resolve_unreadableTokenFile_namesIt() throws IOException {
    Files.createDirectories(folder.resolve("token"));

    assertFails(Reason.ACCESS_DENIED)
        .hasMessageContaining("The token file " + folder.resolve("token") + " cannot be read");
  }

  @Test
  void resolve_hubSilent_givesUpAfterTheTimeout() {
    fake.alwaysFaults("GET /revision/main", reply -> reply.hangingAfter(5));

    assertThatThrownBy(
            () ->
                fake.builder()
                    .timeout(Duration.ofMillis(50))
                    .build()
                    .resolve(FakeHub.REPO, DownloadListener.NONE))
        .asInstanceOf(throwable(HubException.class))
        .hasMessageContaining("nothing came for 50 ms");
  }

  @Test
  void resolve_noWeights_saysWhatThereIs() {
    fake.remove("model.safetensors");
    fake.file("tiny-q4.gguf", "GGUF");

    assertFails(Reason.FILE_NOT_FOUND)
        .hasMessageContaining("no safetensors weights in its top folder (it has tiny-q4.gguf)");
  }

  @Test
  void resolve_indexNamesAbsentShard_saysWhich() {
    fake.remove("model.safetensors");
    fake.file("model-00001-of-00002.safetensors", WEIGHTS)
        .file("model.safetensors.index.json", "{\"weight_map\":{\"a\":\"../evil.safetensors\"}}");

    assertFails(Reason.FILE_NOT_FOUND)
        .hasMessageContaining("names '../evil.safetensors', which the repository does not have");
  }

  @Test
  void resolve_fileNameThatLeadsOut_isRefused() {
    for (String name : new String[] {"../../evil", "/evil", "a/../../evil", "a\\..\\evil"}) {
      fake.file(name, "evil");

      assertThatThrownBy(
              () ->
                  fake.client()
                      .resolve(
                          HubId.parse(FakeHub.REPO),
                          FileSelection.matching("*evil"),
                          DownloadListener.NONE))
          .as(name)
          .isInstanceOf(HubException.class)
          .hasMessageContaining("the hub lists a file named '" + name + "'");
      fake.remove(name);
    }
    assertThat(folder.resolve("hub")).doesNotExist();
  }

  @Test
  void resolve_etagThatLeadsOut_isRefused() {
    fake.alwaysFaults("HEAD config.json", reply -> reply.with("ETag", "\"../../../evil\""));

    assertFails(Reason.UNEXPECTED_ANSWER).hasMessageContaining("no usable ETag");
  }

  @Test
  void resolve_commitThatIsNone_isRefused() {
    fake.commit = "../../evil";

    assertFails(Reason.UNEXPECTED_ANSWER);
  }

  @Test
  void resolve_tooLittleSpace_saysHowMuchIsNeeded() {
    fake.file("model.safetensors", HubDownloadTest.bytes(3_000_000));
    fake.usableSpace = 1_000_000;

    assertFails(Reason.NO_SPACE)
        .hasMessageContaining("Qwen/Tiny@main: needs 4 MB more")
        .hasMessageContaining("has 1 MB")
        .hasMessageContaining("set HF_HOME");
    assertThat(fake.store.requests()).isEmpty();
  }

  @Test
  @EnabledOnOs(OS.LINUX)
  void resolve_diskFull_saysSo() throws IOException {
    Path blob = fake.blob(WEIGHTS, true);
    Files.createDirectories(blob.getParent());
    Path partial = blob.resolveSibling(blob.getFileName() + ".incomplete");
    Files.createSymbolicLink(partial, Path.of("/dev/full"));

    assertFails(Reason.NO_SPACE)
        .hasMessageContaining("model.safetensors: the disk of")
        .hasMessageContaining("is full");
    Files.delete(partial);
  }

  @Test
  void resolve_cacheIsAFile_namesIt() throws IOException {
    Files.writeString(folder.resolve("hub"), "in the way");

    assertFails(Reason.CACHE)
        .hasMessageContaining("the cache " + folder.resolve("hub") + " cannot be used");
  }

  @Test
  void resolve_tokenWithControlCharacters_isNotShown() {
    fake.environment.put("HF_TOKEN", "hf_se\u0001cret");

    assertFails(Reason.ACCESS_DENIED)
        .hasMessageContaining("characters that no token has")
        .message()
        .doesNotContain("cret");
  }

  @Test
  void resolveFolder_neitherFolderNorRepo_saysBoth() {
    fake.alwaysFaults("GET /revision/main", reply -> Reply.of(404, ""));

    assertThatThrownBy(() -> fake.client().resolveFolder("Qwen/Tiny", DownloadListener.NONE))
        .isInstanceOf(HubException.class)
        .hasMessageContaining("no such repository")
        .hasMessageContaining("There is no folder 'Qwen/Tiny' either");
  }

  @Test
  void resolveFolder_existingFolder_isTakenAsItIs() throws IOException {
    assertThat(fake.client().resolveFolder(folder.toString(), DownloadListener.NONE))
        .isEqualTo(folder);
    assertThat(fake.hub.requests()).isEmpty();
  }
}
