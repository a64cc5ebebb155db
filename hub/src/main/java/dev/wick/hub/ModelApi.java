package dev.wick.hub;

import com.fasterxml.jackson.core.JacksonException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.wick.hub.HubException.Reason;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpHeaders;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** The two questions asked of the hub: what a revision holds, and what a file of it is. */
final class ModelApi {
  private static final ObjectMapper JSON = new ObjectMapper();
  // Some hundred thousand file names; no model has that many.
  private static final long MAX_LISTING_BYTES = 64L << 20;

  private final HubHttp http;
  private final Host host;

  ModelApi(HubHttp http, Host host) {
    this.http = http;
    this.host = host;
  }

  /**
   * A revision of a repository.
   *
   * @param commit its hash
   * @param files its files' names
   */
  record Revision(String commit, List<String> files) {}

  /** Asks which commit a revision is and what files it has. */
  Revision revision(HubId id, int maxAttempts) throws IOException {
    URI uri =
        http.uri(
            "/api/models/"
                + RepoPath.urlEncode(id.repo(), "/")
                + "/revision/"
                + RepoPath.urlEncode(id.revision(), ""));
    Attempts attempts = new Attempts(maxAttempts, host.sleep());
    while (true) {
      try {
        HttpResponse<byte[]> response =
            http.send(
                "GET",
                uri,
                Map.of("Accept", "application/json"),
                BodyHandlers.limiting(BodyHandlers.ofByteArray(), MAX_LISTING_BYTES),
                new Activity(http.answerTimeout()),
                id.toString());
        if (response.statusCode() != 200) {
          throw HttpFailure.of(response, id, id.toString(), http);
        }
        return parse(response.body(), id);
      } catch (HubException e) {
        attempts.failed(e);
      }
    }
  }

  /** The address of a file's content. */
  URI contentUri(HubId id, String commit, String file) {
    return http.uri(
        "/"
            + RepoPath.urlEncode(id.repo(), "/")
            + "/resolve/"
            + commit
            + "/"
            + RepoPath.urlEncode(file, "/"));
  }

  /** Asks for a file's checksum and size. */
  RemoteFile describe(HubId id, String commit, String file) throws IOException {
    URI uri = contentUri(id, commit, file);
    String subject = id + ", " + file;
    Attempts attempts = new Attempts(Attempts.LONG, host.sleep());
    while (true) {
      try {
        HttpResponse<byte[]> response =
            http.send(
                "HEAD",
                uri,
                Map.of(),
                BodyHandlers.ofByteArray(),
                new Activity(http.answerTimeout()),
                subject);
        if (response.statusCode() / 100 > 3) {
          throw HttpFailure.of(response, id, subject, http);
        }
        return describe(response, file, subject);
      } catch (HubException e) {
        attempts.failed(e);
      }
    }
  }

  private RemoteFile describe(HttpResponse<?> response, String file, String subject)
      throws HubException {
    HttpHeaders headers = response.headers();
    Optional<Etag> etag =
        headers
            .firstValue("X-Linked-Etag")
            .or(() -> headers.firstValue("ETag"))
            .flatMap(Etag::parse);
    if (headers.firstValue("X-Repo-Commit").isEmpty() || etag.isEmpty()) {
      throw new HubException(
          Reason.UNEXPECTED_ANSWER,
          ("%s: the answer has no X-Repo-Commit or no usable ETag header, so it is not that of a"
                  + " hub. Check HF_ENDPOINT (%s) and the proxy")
              .formatted(subject, http.endpoint()));
    }
    boolean redirect = response.statusCode() / 100 == 3;
    long size =
        headers
            .firstValue("X-Linked-Size")
            .or(() -> redirect ? Optional.empty() : headers.firstValue("Content-Length"))
            .filter(text -> text.matches("\\d{1,18}"))
            .map(Long::parseLong)
            .orElse(-1L);
    return new RemoteFile(file, etag.get(), size);
  }

  private Revision parse(byte[] body, HubId id) throws HubException {
    JsonNode root;
    try {
      root = JSON.readTree(body);
    } catch (JacksonException e) {
      throw noListing(id, e);
    } catch (IOException e) {
      throw new IllegalStateException("bytes in memory are read without I/O", e);
    }
    String commit = root.path("sha").asText("");
    if (!HubId.isCommit(commit) || !root.path("siblings").isArray()) {
      throw noListing(id, null);
    }
    List<String> files = new ArrayList<>();
    root.path("siblings").forEach(sibling -> files.add(sibling.path("rfilename").asText("")));
    return new Revision(commit, List.copyOf(files));
  }

  private HubException noListing(HubId id, @Nullable Throwable cause) {
    return new HubException(
        Reason.UNEXPECTED_ANSWER,
        ("%s: %s answered with something else than a model's description, perhaps the login page"
                + " of a network. Check HF_ENDPOINT and the proxy")
            .formatted(id, http.endpoint()),
        cause);
  }
}
