package dev.wick.hub;

import dev.wick.hub.HubException.Reason;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.net.http.HttpHeaders;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandler;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * One file of one revision, on its way from the hub into the cache.
 *
 * <p>Bytes gather in {@code blobs/ETAG.incomplete}. When a connection breaks, now or in an earlier
 * run, the next request asks for the rest. The file becomes {@code blobs/ETAG} when its length and
 * its checksum are right; otherwise it is deleted.
 */
final class BlobDownload {
  private static final Logger LOG = System.getLogger("dev.wick.hub");
  private static final Pattern CONTENT_RANGE = Pattern.compile("bytes (\\d{1,18})-.*");
  // A connection that brings less before it breaks does not count as a working one.
  private static final long PROGRESS_BYTES = 1 << 16;

  private final ModelApi api;
  private final HubHttp http;
  private final Cache cache;
  private final Host host;
  private final HubId id;
  private final String commit;
  private final ProgressTracker progress;
  private final RemoteFile file;
  private final String subject;

  BlobDownload(
      ModelApi api,
      HubHttp http,
      Cache cache,
      Host host,
      HubId id,
      String commit,
      ProgressTracker progress,
      RemoteFile file) {
    this.api = api;
    this.http = http;
    this.cache = cache;
    this.host = host;
    this.id = id;
    this.commit = commit;
    this.progress = progress;
    this.file = file;
    this.subject = id + ", " + file.name();
  }

  /** Puts the file into its place in the snapshot. */
  void run() throws IOException {
    Path pointer = RepoPath.resolve(cache.snapshot(id.repo(), commit), file.name(), id);
    Path blob = cache.blob(id.repo(), file.etag());
    try (BlobLock _ = BlobLock.acquire(cache.lockFile(id.repo(), file.etag()))) {
      if (!Files.exists(pointer)) {
        boolean isNew = !Files.isRegularFile(blob);
        if (isNew) {
          Files.createDirectories(blob.getParent());
          fetch(blob);
        }
        cache.link(blob, pointer, isNew);
      }
      progress.done(file, Files.size(pointer));
    }
  }

  /** Where a blob's bytes gather. */
  static Path partial(Path blob) {
    return blob.resolveSibling(blob.getFileName() + ".incomplete");
  }

  private void fetch(Path blob) throws IOException {
    Path partial = partial(blob);
    // Only a file put together from several connections may be wrong where one from a single
    // connection is right.
    boolean pieced = Files.exists(partial) && Files.size(partial) > 0;
    Attempts attempts = new Attempts(Attempts.LONG, host.sleep());
    while (true) {
      long before = Files.exists(partial) ? Files.size(partial) : 0;
      try {
        receive(partial);
        Files.move(
            partial, blob, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        return;
      } catch (HubException e) {
        if (e.reason() == Reason.DAMAGED) {
          Files.deleteIfExists(partial);
          if (!pieced) {
            throw e;
          }
          pieced = false;
          LOG.log(Level.WARNING, "Starting over: " + e.getMessage());
          continue;
        }
        long after = Files.exists(partial) ? Files.size(partial) : 0;
        pieced |= after > 0;
        if (after - before >= PROGRESS_BYTES) {
          attempts.progressed();
        }
        attempts.failed(e);
      }
    }
  }

  /** Asks for what is missing of the file and checks the whole. */
  private void receive(Path partial) throws IOException {
    Optional<MessageDigest> digest =
        file.etag().isSha256() ? Optional.of(Etag.sha256()) : Optional.empty();
    try (FileChannel channel =
        FileChannel.open(partial, StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
      long start = channel.size();
      if (file.size() >= 0 && start > file.size()) {
        channel.truncate(0);
        start = 0;
      }
      channel.position(start);
      if (start > 0 && digest.isPresent()) {
        Etag.update(digest.get(), partial, start);
      }
      progress.startsAt(file, start);
      if (file.size() < 0 || start < file.size()) {
        transfer(channel, start, digest);
      }
      if (channel.position() < file.size()) {
        throw new HubException(
            Reason.UNREACHABLE,
            "%s: the connection ended after %d of %d bytes. What has arrived is kept: try again"
                .formatted(subject, channel.position(), file.size()));
      }
      channel.force(true);
    }
    verify(partial, digest);
  }

  private void transfer(FileChannel channel, long start, Optional<MessageDigest> digest)
      throws IOException {
    Activity activity = new Activity(http.stallTimeout());
    BlobSink sink =
        new BlobSink(
            channel, digest, file.size(), activity, bytes -> progress.received(file, bytes));
    BodyHandler<byte[]> handler =
        info ->
            switch (part(info.statusCode(), info.headers(), start)) {
              case REST -> sink;
              case WHOLE -> {
                progress.startsAt(file, 0);
                yield sink.fromTheBeginning();
              }
              case OTHER -> sink.refused();
            };
    Map<String, String> headers = start > 0 ? Map.of("Range", "bytes=" + start + "-") : Map.of();
    HttpResponse<byte[]> response;
    try {
      response =
          http.send(
              "GET", api.contentUri(id, commit, file.name()), headers, handler, activity, subject);
    } catch (HubException e) {
      sink.close();
      throw sink.failure().<IOException>map(this::ownFailure).orElseGet(() -> broken(e, channel));
    } finally {
      sink.close();
    }
    int status = response.statusCode();
    if (status / 100 != 2 && status != 416) {
      throw HttpFailure.of(response, id, subject, http);
    }
    if (part(status, response.headers(), start) == Part.OTHER) {
      if (status != 200 && !startsAt(status, response.headers(), start)) {
        // The server cannot continue where the file ends here: from the beginning, then.
        channel.truncate(0);
      }
      throw new HubException(
          Reason.UNREACHABLE,
          ("%s: asked for the bytes from %d of %d, got status %d with length %s and range '%s', which"
                  + " was not taken. Try again, and check HF_ENDPOINT and the proxy if it stays so")
              .formatted(
                  subject,
                  start,
                  file.size(),
                  status,
                  response.headers().firstValue("Content-Length").orElse("unknown"),
                  response.headers().firstValue("Content-Range").orElse("none")));
    }
  }

  /** What of a file an answer brings. */
  private enum Part {
    REST,
    WHOLE,
    OTHER
  }

  private Part part(int status, HttpHeaders headers, long start) {
    boolean rest = startsAt(status, headers, start);
    if (!rest && status != 200) {
      return Part.OTHER;
    }
    // An error page with status 200 would spoil what is here; its length gives it away.
    long expected = rest ? file.size() - start : file.size();
    OptionalLong declared = headers.firstValueAsLong("Content-Length");
    if (file.size() >= 0 && declared.isPresent() && declared.getAsLong() != expected) {
      return Part.OTHER;
    }
    return rest ? Part.REST : Part.WHOLE;
  }

  private static boolean startsAt(int status, HttpHeaders headers, long start) {
    Matcher range = CONTENT_RANGE.matcher(headers.firstValue("Content-Range").orElse(""));
    return status == 206 && range.matches() && Long.parseLong(range.group(1)) == start;
  }

  /** What a connection's end means to the file. */
  private HubException broken(HubException failure, FileChannel channel) {
    try {
      return failure.reason() == Reason.UNREACHABLE && channel.position() > 0
          ? new HubException(
              Reason.UNREACHABLE,
              "%s What has arrived of it (%d of %d bytes) is kept: try again"
                  .formatted(failure.getMessage() + ".", channel.position(), file.size()),
              failure)
          : failure;
    } catch (IOException e) {
      failure.addSuppressed(e);
      return failure;
    }
  }

  private IOException ownFailure(IOException failure) {
    if (failure instanceof BlobSink.TooLongException) {
      return new HubException(
          Reason.DAMAGED,
          "%s: %s. It was deleted: try again, and check the proxy if it stays so"
              .formatted(subject, failure.getMessage()),
          failure);
    }
    String said = String.valueOf(failure.getMessage());
    boolean full = said.matches("(?i).*(no space|not enough space|quota).*");
    return new HubException(
        full ? Reason.NO_SPACE : Reason.CACHE,
        full
            ? "%s: the disk of %s is full. Free some space, or set HF_HOME to a larger disk; what"
                    .formatted(subject, cache.root())
                + " has arrived is kept"
            : "%s: cannot write to %s (%s)".formatted(subject, cache.root(), said),
        failure);
  }

  private void verify(Path partial, Optional<MessageDigest> digest) throws IOException {
    if (!file.etag().isChecksum()) {
      return;
    }
    String actual =
        digest.isPresent()
            ? HexFormat.of().formatHex(digest.get().digest())
            : Etag.gitBlobSha1(partial);
    if (!actual.equals(file.etag().value())) {
      throw new HubException(
          Reason.DAMAGED,
          ("%s: expected %s %s, got %s. The file was deleted: try again, and check the proxy if it"
                  + " stays so")
              .formatted(
                  subject,
                  digest.isPresent() ? "SHA-256" : "git SHA-1",
                  file.etag().value(),
                  actual));
    }
  }
}
