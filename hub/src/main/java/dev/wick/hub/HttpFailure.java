package dev.wick.hub;

import dev.wick.hub.HubException.Reason;
import java.net.http.HttpHeaders;
import java.net.http.HttpResponse;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Puts an answer that is no success into words, by status and by the hub's {@code X-Error-Code}.
 */
final class HttpFailure {
  // RateLimit: "api";r=0;t=55 (draft-ietf-httpapi-ratelimit-headers-09).
  private static final Pattern RATE_LIMIT = Pattern.compile(";\\s*r=0\\s*;\\s*t=(\\d{1,6})");

  private HttpFailure() {}

  static HubException of(HttpResponse<?> response, HubId id, String subject, HubHttp http) {
    int status = response.statusCode();
    String code = response.headers().firstValue("X-Error-Code").orElse("");
    String said =
        response
            .headers()
            .firstValue("X-Error-Message")
            .map(message -> " (" + RepoPath.printable(message) + ")")
            .orElse("");
    String prefix = subject + ": the hub answered " + status + said + ". ";
    if (status == 401 || status == 403) {
      return new HubException(Reason.ACCESS_DENIED, prefix + access(response, id, code, http));
    }
    if (status == 404) {
      return notFound(id, subject, prefix, code);
    }
    if (status == 408 || status == 429 || status >= 500) {
      Duration wait = retryAfter(response.headers()).orElse(null);
      return new HubException(Reason.BUSY, prefix + busy(status, wait, http), null, wait);
    }
    return new HubException(
        Reason.UNEXPECTED_ANSWER,
        prefix + "Check HF_ENDPOINT (" + http.endpoint() + ") and the proxy");
  }

  private static String access(HttpResponse<?> response, HubId id, String code, HubHttp http) {
    String page = http.endpoint() + "/" + id.repo();
    if (!HubHttp.origin(response.uri()).equals(HubHttp.origin(http.endpoint()))) {
      return "The file store "
          + response.uri().getHost()
          + " refused the hub's own link: check this machine's clock and proxy";
    }
    if (code.equals("GatedRepo")) {
      return "The model is gated: accept its licence at "
          + page
          + " and set HF_TOKEN to a token of that account";
    }
    return http.hasToken()
        ? "The token that was sent (HF_TOKEN or the token file) is not accepted for this"
            + " repository: check the id, whether its licence is accepted at "
            + page
            + ", and the token"
        : "The repository does not exist, or is private or gated: check the id, accept the licence"
            + " at "
            + page
            + " if it asks for one, and set HF_TOKEN";
  }

  private static HubException notFound(HubId id, String subject, String prefix, String code) {
    boolean file = !subject.equals(id.toString());
    return switch (code) {
      case "RevisionNotFound" ->
          new HubException(
              Reason.REVISION_NOT_FOUND,
              prefix + "There is no revision '" + id.revision() + "': check the name after '@'");
      case "EntryNotFound" ->
          new HubException(Reason.FILE_NOT_FOUND, prefix + "The revision has no such file");
      default ->
          file && !code.equals("RepoNotFound")
              ? new HubException(Reason.FILE_NOT_FOUND, prefix + "The revision has no such file")
              : new HubException(
                  Reason.REPOSITORY_NOT_FOUND,
                  prefix
                      + "There is no such repository: check the spelling of '"
                      + id.repo()
                      + "', or set HF_TOKEN if it is private");
    };
  }

  private static String busy(int status, @Nullable Duration wait, HubHttp http) {
    String until = wait == null ? "later" : "in " + Math.max(1, wait.toSeconds()) + " seconds";
    if (status == 429) {
      return "Too many requests from here: try again "
          + until
          + (http.hasToken() ? "" : ", or set HF_TOKEN, which raises the limit");
    }
    return "Try again " + until + "; what has arrived is kept";
  }

  private static Optional<Duration> retryAfter(HttpHeaders headers) {
    Optional<String> after = headers.firstValue("Retry-After").map(String::strip);
    if (after.isPresent()) {
      return seconds(after.get()).or(() -> until(after.get()));
    }
    Matcher limit = RATE_LIMIT.matcher(headers.firstValue("RateLimit").orElse(""));
    return limit.find() ? seconds(limit.group(1)) : Optional.empty();
  }

  private static Optional<Duration> seconds(String text) {
    return text.matches("\\d{1,9}")
        ? Optional.of(Duration.ofSeconds(Long.parseLong(text)))
        : Optional.empty();
  }

  private static Optional<Duration> until(String date) {
    try {
      Instant instant = ZonedDateTime.parse(date, DateTimeFormatter.RFC_1123_DATE_TIME).toInstant();
      Duration wait = Duration.between(Instant.now(), instant);
      return Optional.of(wait.isNegative() ? Duration.ZERO : wait);
    } catch (DateTimeException e) {
      // Neither form that RFC 9110 section 10.2.3 allows: as if it were not there.
      return Optional.empty();
    }
  }
}
