package dev.wick.hub;

import java.io.IOException;
import java.time.Duration;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A model that the hub or its cache could not give. The message names the repository, the revision,
 * the file where there is one, and the remedy.
 */
public final class HubException extends IOException {
  private static final long serialVersionUID = 1L;

  /** What went wrong, for a program. */
  public enum Reason {
    /** 401 or 403: a missing or rejected token, a licence not accepted, or no such repository. */
    ACCESS_DENIED,
    /** The hub has no such repository. */
    REPOSITORY_NOT_FOUND,
    /** The repository has no such revision. */
    REVISION_NOT_FOUND,
    /** The revision has no such file, or none of the kind that is needed. */
    FILE_NOT_FOUND,
    /** Offline mode is on and the cache lacks the model. */
    OFFLINE,
    /** The host could not be reached, or kept breaking off or sending something else. */
    UNREACHABLE,
    /** The hub kept answering 429 or 5xx. */
    BUSY,
    /** The answer was not that of a hub. */
    UNEXPECTED_ANSWER,
    /** A file arrived with a wrong length or checksum, and was deleted. */
    DAMAGED,
    /** The disk has not enough space. */
    NO_SPACE,
    /** The cache folder could not be read or written, or has no such entry. */
    CACHE
  }

  private final Reason reason;
  private final transient @Nullable Duration retryAfter;

  HubException(Reason reason, String message) {
    this(reason, message, null, null);
  }

  HubException(Reason reason, String message, @Nullable Throwable cause) {
    this(reason, message, cause, null);
  }

  HubException(
      Reason reason, String message, @Nullable Throwable cause, @Nullable Duration retryAfter) {
    super(message, cause);
    this.reason = reason;
    this.retryAfter = retryAfter;
  }

  /** What went wrong, for a program. */
  public Reason reason() {
    return reason;
  }

  /** Whether the same request may succeed a moment later. */
  boolean isTransient() {
    return reason == Reason.UNREACHABLE || reason == Reason.BUSY;
  }

  /** How long the server asked to wait. */
  Optional<Duration> retryAfter() {
    return Optional.ofNullable(retryAfter);
  }
}
