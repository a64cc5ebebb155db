package dev.wick.hub;

import java.nio.file.Path;
import java.time.Instant;
import java.util.List;

/**
 * A model in the cache.
 *
 * @param repo {@code namespace/name}
 * @param folder its folder in the cache
 * @param revisions its revisions, the latest first; empty if only a broken-off download is here
 * @param sizeOnDisk its bytes, each shared file counted once, broken-off downloads included
 * @param lastUsed when one of its files was last read or written, as far as the disk keeps it
 */
public record CachedRepo(
    String repo, Path folder, List<CachedRevision> revisions, long sizeOnDisk, Instant lastUsed) {
  /** Copies the list. */
  public CachedRepo {
    revisions = List.copyOf(revisions);
  }
}
