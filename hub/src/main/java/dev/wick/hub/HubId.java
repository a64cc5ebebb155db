package dev.wick.hub;

import java.util.regex.Pattern;

/**
 * The name of a model on the hub at a revision: {@code Qwen/Qwen3-0.6B@main}.
 *
 * @param repo {@code namespace/name}, or {@code name} alone for the hub's oldest models
 * @param revision a branch, a tag, a full commit hash, or {@code refs/pr/N}
 */
public record HubId(String repo, String revision) {
  /** The revision that stands where none is named. */
  public static final String DEFAULT_REVISION = "main";

  // The rules of huggingface_hub's validate_repo_id.
  private static final Pattern NAME = Pattern.compile("\\w([\\w.-]*\\w)?");
  private static final int MAX_NAME_LENGTH = 96;
  private static final Pattern COMMIT = Pattern.compile("[0-9a-f]{40}");
  private static final Pattern PATH_ONLY = Pattern.compile("^([./~\\\\]|[A-Za-z]:)|\\\\|/$");
  private static final Pattern REVISION = Pattern.compile("[A-Za-z0-9_.+/-]{1,200}");

  /**
   * Checks both parts.
   *
   * @throws IllegalArgumentException if a part is not a name that the hub allows
   */
  public HubId {
    String fault = repoFault(repo);
    if (fault.isEmpty()) {
      fault = revisionFault(revision);
    }
    if (!fault.isEmpty()) {
      throw new IllegalArgumentException(
          "hub id: expected namespace/name or namespace/name@revision, got '%s@%s': %s"
              .formatted(repo, revision, fault));
    }
  }

  /**
   * Reads {@code namespace/name} or {@code namespace/name@revision}.
   *
   * @throws IllegalArgumentException if the text is neither
   */
  public static HubId parse(String text) {
    int at = text.indexOf('@');
    return at < 0
        ? new HubId(text, DEFAULT_REVISION)
        : new HubId(text.substring(0, at), text.substring(at + 1));
  }

  /** Whether the revision is a full commit hash, whose files never change. */
  public boolean isCommit() {
    return COMMIT.matcher(revision).matches();
  }

  /** {@code namespace/name@revision}, as {@link #parse} reads it. */
  @Override
  public String toString() {
    return repo + "@" + revision;
  }

  static boolean isCommit(String text) {
    return COMMIT.matcher(text).matches();
  }

  /** Whether a text can only be meant as a path. */
  static boolean isPathOnly(String text) {
    return PATH_ONLY.matcher(text).find();
  }

  private static String repoFault(String repo) {
    String[] parts = repo.split("/", -1);
    if (parts.length > 2) {
      return "a repository has at most one '/'";
    }
    for (String part : parts) {
      if (!NAME.matcher(part).matches()) {
        return "names consist of letters, digits, '-', '_' and '.', and neither start nor end with"
            + " '-' or '.'";
      }
    }
    if (parts[parts.length - 1].length() > MAX_NAME_LENGTH) {
      return "a name has at most " + MAX_NAME_LENGTH + " characters";
    }
    if (repo.contains("--") || repo.contains("..")) {
      return "'--' and '..' are not allowed in a repository";
    }
    return repo.endsWith(".git") ? "a repository does not end in '.git'" : "";
  }

  private static String revisionFault(String revision) {
    if (!REVISION.matcher(revision).matches()) {
      return "a revision consists of 1 to 200 letters, digits, '_', '.', '+', '-' and '/'";
    }
    for (String part : revision.split("/", -1)) {
      if (part.isEmpty() || part.startsWith(".") || part.endsWith(".") || part.contains("..")) {
        return "a revision has no empty part, and no part starts or ends with '.' or has '..'";
      }
    }
    return "";
  }
}
