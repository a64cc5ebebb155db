package dev.wick.hub;

import java.nio.file.Path;
import java.time.Instant;
import java.util.List;

/**
 * A revision of a model in the cache.
 *
 * @param commit its hash
 * @param refs the branches and tags that were this commit when they were last looked up
 * @param folder its files
 * @param files how many files it has
 * @param size bytes of its files, shared ones included
 * @param lastModified when one of its files was last written
 */
public record CachedRevision(
    String commit, List<String> refs, Path folder, int files, long size, Instant lastModified) {
  /** Copies the list. */
  public CachedRevision {
    refs = List.copyOf(refs);
  }
}
