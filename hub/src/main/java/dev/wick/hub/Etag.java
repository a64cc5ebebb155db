package dev.wick.hub;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * The name of a file's content, which is also the name of its blob in the cache: the SHA-256 of a
 * large file, the git blob SHA-1 of a small one, or, from a mirror, anything else.
 *
 * @param value the tag without quotes
 */
record Etag(String value) {
  private static final Pattern FILE_NAME = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._+=-]{0,199}");
  private static final Pattern SHA256 = Pattern.compile("[0-9a-f]{64}");
  private static final Pattern SHA1 = Pattern.compile("[0-9a-f]{40}");
  private static final int BUFFER_BYTES = 1 << 20;

  /** Reads a header's value; empty if it cannot be the name of a file. */
  static Optional<Etag> parse(String header) {
    String value = header.strip();
    if (value.startsWith("W/")) {
      value = value.substring(2);
    }
    value = value.replaceAll("^\"+|\"+$", "");
    return FILE_NAME.matcher(value).matches() ? Optional.of(new Etag(value)) : Optional.empty();
  }

  boolean isSha256() {
    return SHA256.matcher(value).matches();
  }

  /** Whether the tag says what the content must be. */
  boolean isChecksum() {
    return isSha256() || SHA1.matcher(value).matches();
  }

  /** The git blob hash of a file: SHA-1 of {@code "blob <length>\0"} and the content. */
  static String gitBlobSha1(Path file) throws IOException {
    MessageDigest digest = digest("SHA-1");
    digest.update(("blob " + Files.size(file) + "\0").getBytes(StandardCharsets.US_ASCII));
    update(digest, file, Long.MAX_VALUE);
    return HexFormat.of().formatHex(digest.digest());
  }

  static MessageDigest sha256() {
    return digest("SHA-256");
  }

  /** Feeds the first bytes of a file. */
  static void update(MessageDigest digest, Path file, long bytes) throws IOException {
    byte[] buffer = new byte[(int) Math.min(BUFFER_BYTES, Math.max(bytes, 1))];
    long left = bytes;
    try (InputStream in = Files.newInputStream(file)) {
      while (left > 0) {
        int read = in.read(buffer, 0, (int) Math.min(buffer.length, left));
        if (read < 0) {
          return;
        }
        digest.update(buffer, 0, read);
        left -= read;
      }
    }
  }

  private static MessageDigest digest(String algorithm) {
    try {
      return MessageDigest.getInstance(algorithm);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has " + algorithm, e);
    }
  }
}
