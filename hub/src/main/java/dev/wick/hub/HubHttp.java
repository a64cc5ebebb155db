package dev.wick.hub;

import dev.wick.hub.HubException.Reason;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandler;
import java.net.http.HttpResponse.BodySubscribers;
import java.net.http.HttpTimeoutException;
import java.security.GeneralSecurityException;
import java.time.Duration;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;

/**
 * Single requests to the hub and to the file stores it redirects to. Redirects are followed here,
 * not by the JDK, because the token must not follow to another host.
 */
final class HubHttp implements AutoCloseable {
  private static final int MAX_REDIRECTS = 10;
  private static final Set<Integer> REDIRECTS = Set.of(301, 302, 303, 307, 308);
  private static final String USER_AGENT = "wick/0.1; java/" + Runtime.version().feature();

  private final HttpClient client;
  private final HubSettings settings;
  private final Optional<String> token;

  HubHttp(HubSettings settings, Optional<String> token) {
    this.settings = settings;
    this.token = token;
    // HTTP/2 would send all files of a host through one connection, which is slower for files.
    HttpClient.Builder builder =
        HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .followRedirects(HttpClient.Redirect.NEVER)
            .connectTimeout(settings.answerTimeout());
    settings.proxy().ifPresent(builder::proxy);
    this.client = builder.build();
  }

  URI endpoint() {
    return settings.endpoint();
  }

  /** How long an answer may take to begin. */
  Duration answerTimeout() {
    return settings.answerTimeout();
  }

  /** How long a download may stand still. */
  Duration stallTimeout() {
    return settings.stallTimeout();
  }

  boolean hasToken() {
    return token.isPresent();
  }

  /** An address under the endpoint. */
  URI uri(String path) {
    return URI.create(settings.endpoint() + path);
  }

  /**
   * Sends one request. A body comes to the handler only with a 2xx answer.
   *
   * @param activity tells how long nothing may come, and is touched by the handler
   * @param subject what is asked for, for messages
   * @throws HubException if there is no answer, or redirects lead nowhere
   */
  HttpResponse<byte[]> send(
      String method,
      URI uri,
      Map<String, String> headers,
      BodyHandler<byte[]> handler,
      Activity activity,
      String subject)
      throws IOException {
    URI current = uri;
    boolean withToken = true;
    for (int hop = 0; hop <= MAX_REDIRECTS; hop++) {
      HttpResponse<byte[]> response =
          exchange(request(method, current, headers, withToken), handler, activity, subject);
      if (!REDIRECTS.contains(response.statusCode())) {
        return response;
      }
      URI next = location(current, response, subject);
      boolean sameOrigin = origin(current).equals(origin(next));
      // The hub itself describes a large file in its redirect to the store that holds it.
      if (method.equals("HEAD")
          && !sameOrigin
          && response.headers().firstValue("X-Linked-Etag").isPresent()) {
        return response;
      }
      withToken &= sameOrigin;
      current = next;
    }
    throw new HubException(
        Reason.UNEXPECTED_ANSWER,
        "%s: more than %d redirects from %s. Check HF_ENDPOINT"
            .formatted(subject, MAX_REDIRECTS, uri));
  }

  private HttpRequest request(
      String method, URI uri, Map<String, String> headers, boolean withToken) {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(uri)
            .method(method, BodyPublishers.noBody())
            .header("User-Agent", USER_AGENT)
            // A compressed body has another length than the file, and cannot be resumed.
            .header("Accept-Encoding", "identity");
    headers.forEach(request::header);
    if (withToken) {
      token.ifPresent(value -> request.header("Authorization", "Bearer " + value));
    }
    return request.build();
  }

  private HttpResponse<byte[]> exchange(
      HttpRequest request, BodyHandler<byte[]> handler, Activity activity, String subject)
      throws IOException {
    BodyHandler<byte[]> successOnly =
        info -> {
          activity.touch();
          return info.statusCode() / 100 == 2
              ? handler.apply(info)
              : BodySubscribers.replacing(new byte[0]);
        };
    activity.touch();
    CompletableFuture<HttpResponse<byte[]>> answer = client.sendAsync(request, successOnly);
    try {
      return await(answer, activity);
    } catch (IOException e) {
      throw unreachable(subject, request.uri(), e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      InterruptedIOException interrupted =
          new InterruptedIOException(subject + ": the download was cancelled");
      interrupted.initCause(e);
      throw interrupted;
    } finally {
      answer.cancel(true);
    }
  }

  // HttpRequest.timeout ends with the headers in some JDKs and with the body in others; a large
  // body may take hours, but must not stand still.
  private static <T> T await(CompletableFuture<T> answer, Activity activity)
      throws IOException, InterruptedException {
    for (long left = activity.leftNanos(); left > 0; left = activity.leftNanos()) {
      try {
        return answer.get(left, TimeUnit.NANOSECONDS);
      } catch (TimeoutException e) {
        // Something may have come in the meantime: the loop's condition looks.
      } catch (ExecutionException e) {
        if (e.getCause() instanceof RuntimeException fault) {
          throw fault;
        }
        throw e.getCause() instanceof IOException cause ? cause : new IOException(e.getCause());
      }
    }
    throw new HttpTimeoutException("nothing came for " + activity.limit().toMillis() + " ms");
  }

  private HubException unreachable(String subject, URI uri, IOException cause) {
    // Trying again would not make a certificate trusted; a handshake that was cut off is another
    // matter.
    if (cause instanceof SSLException && isAboutCertificates(cause)) {
      return new HubException(
          Reason.UNEXPECTED_ANSWER,
          ("%s: the certificate of %s is not trusted (%s). Check the clock and the proxy; a company's"
                  + " own authority must be in the trust store (-Djavax.net.ssl.trustStore)")
              .formatted(subject, origin(uri), cause(cause)),
          cause);
    }
    return new HubException(
        Reason.UNREACHABLE,
        "%s: no answer from %s (%s). Check the network, the proxy (HTTPS_PROXY) and HF_ENDPOINT"
            .formatted(subject, origin(uri), cause(cause)),
        cause);
  }

  private static boolean isAboutCertificates(Throwable failure) {
    for (Throwable t = failure; t != null; t = t.getCause()) {
      if (t instanceof GeneralSecurityException) {
        return true;
      }
    }
    return false;
  }

  /**
   * The first message on the way to the root: the JDK's connect failures have none of their own.
   */
  private static String cause(Throwable failure) {
    String name = failure.getClass().getSimpleName();
    for (Throwable t = failure; t != null; t = t.getCause()) {
      if (t.getMessage() != null && !t.getMessage().isBlank()) {
        return RepoPath.printable(String.valueOf(t.getMessage()));
      }
      name = t.getClass().getSimpleName();
    }
    return name;
  }

  private static URI location(URI from, HttpResponse<?> response, String subject)
      throws HubException {
    String location = response.headers().firstValue("Location").orElse("");
    try {
      URI next = from.resolve(RepoPath.urlEncodeIllegal(location));
      String scheme = String.valueOf(next.getScheme()).toLowerCase(Locale.ROOT);
      boolean secure = scheme.equals("https");
      if (!location.isEmpty()
          && next.getHost() != null
          && (secure || (scheme.equals("http") && from.getScheme().equalsIgnoreCase("http")))) {
        return next;
      }
    } catch (IllegalArgumentException e) {
      throw badLocation(subject, from, location, e);
    }
    throw badLocation(subject, from, location, null);
  }

  private static HubException badLocation(
      String subject, URI from, String location, @Nullable Throwable cause) {
    return new HubException(
        Reason.UNEXPECTED_ANSWER,
        "%s: %s redirects to '%s', which is not followed. Check HF_ENDPOINT and the proxy"
            .formatted(subject, origin(from), RepoPath.printable(location)),
        cause);
  }

  /** Scheme, host and port. */
  static String origin(URI uri) {
    String scheme = uri.getScheme().toLowerCase(Locale.ROOT);
    int port = uri.getPort() >= 0 ? uri.getPort() : scheme.equals("https") ? 443 : 80;
    return scheme + "://" + uri.getHost().toLowerCase(Locale.ROOT) + ":" + port;
  }

  /** Ends at once what is still under way. */
  @Override
  public void close() {
    client.shutdownNow();
    client.close();
  }
}
