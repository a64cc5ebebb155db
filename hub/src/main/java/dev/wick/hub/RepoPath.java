package dev.wick.hub;

import java.nio.charset.StandardCharsets;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Paths that a server names, which must not lead out of the folder they are meant for. */
final class RepoPath {
  private static final Pattern DRIVE = Pattern.compile("^[A-Za-z]:");

  private static final Pattern ILLEGAL_IN_URL =
      Pattern.compile("[^\\x21-\\x7e]|[\"<>\\\\^`{|}]|%(?![0-9A-Fa-f]{2})");

  private RepoPath() {}

  /**
   * The place of a repository's file under a folder.
   *
   * @throws HubException if the name is absolute, leads out of the folder or is no name here
   */
  static Path resolve(Path folder, String name, HubId id) throws HubException {
    boolean safe =
        !name.isEmpty()
            && !DRIVE.matcher(name).find()
            && name.chars().noneMatch(c -> c == '\\' || c < ' ' || c == 0x7f);
    for (String part : name.split("/", -1)) {
      safe &= !part.isEmpty() && !part.equals(".") && !part.equals("..");
    }
    if (safe) {
      try {
        Path path = folder.resolve(name).normalize();
        if (path.startsWith(folder) && !path.equals(folder)) {
          return path;
        }
      } catch (InvalidPathException e) {
        throw refused(name, id, e);
      }
    }
    throw refused(name, id, null);
  }

  /** Percent-encodes for a URL all but letters, digits, {@code _.-~} and the characters kept. */
  static String urlEncode(String text, String kept) {
    StringBuilder out = new StringBuilder();
    for (byte b : text.getBytes(StandardCharsets.UTF_8)) {
      char c = (char) (b & 0xff);
      boolean plain = c < 0x80 && (Character.isLetterOrDigit(c) || "_.-~".indexOf(c) >= 0);
      if (plain || kept.indexOf(c) >= 0) {
        out.append(c);
      } else {
        out.append('%').append("%02X".formatted((int) c));
      }
    }
    return out.toString();
  }

  /** Percent-encodes what must not stand in an address but sometimes does in a redirect. */
  static String urlEncodeIllegal(String address) {
    return ILLEGAL_IN_URL.matcher(address).replaceAll(match -> urlEncode(match.group(), ""));
  }

  private static HubException refused(String name, HubId id, @Nullable Throwable cause) {
    return new HubException(
        HubException.Reason.UNEXPECTED_ANSWER,
        "%s: the hub lists a file named '%s', which is no relative path; nothing was written for it"
            .formatted(id, printable(name)),
        cause);
  }

  /** A server's text with control characters replaced, for a message. */
  static String printable(String text) {
    String clean = text.replaceAll("\\p{Cntrl}", "?");
    return clean.length() > 200 ? clean.substring(0, 200) + "..." : clean;
  }
}
