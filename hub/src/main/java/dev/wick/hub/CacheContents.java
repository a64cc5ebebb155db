package dev.wick.hub;

import dev.wick.hub.HubException.Reason;
import java.io.IOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Stream;

/** What the cache holds, and its removal. */
final class CacheContents {
  private final Cache cache;

  CacheContents(Cache cache) {
    this.cache = cache;
  }

  /** Every model, by name. */
  List<CachedRepo> list() throws IOException {
    List<CachedRepo> repos = new ArrayList<>();
    for (Path folder : children(cache.root())) {
      String name = folder.getFileName().toString();
      if (name.startsWith(Cache.MODEL_PREFIX) && Files.isDirectory(folder)) {
        repos.add(repo(folder, name.substring(Cache.MODEL_PREFIX.length()).replace("--", "/")));
      }
    }
    repos.sort(Comparator.comparing(CachedRepo::repo));
    return repos;
  }

  private static CachedRepo repo(Path folder, String repo) throws IOException {
    Map<String, List<String>> refs = refs(folder.resolve("refs"));
    List<CachedRevision> revisions = new ArrayList<>();
    for (Path snapshot : children(folder.resolve("snapshots"))) {
      if (Files.isDirectory(snapshot)) {
        String commit = snapshot.getFileName().toString();
        revisions.add(revision(snapshot, commit, refs.getOrDefault(commit, List.of())));
      }
    }
    revisions.sort(Comparator.comparing(CachedRevision::lastModified).reversed());
    Usage usage = new Usage();
    Files.walkFileTree(folder, usage);
    return new CachedRepo(repo, folder, revisions, usage.bytes, usage.lastUsed);
  }

  private static CachedRevision revision(Path snapshot, String commit, List<String> refs)
      throws IOException {
    Set<Path> contents = new HashSet<>();
    Instant modified = Files.getLastModifiedTime(snapshot).toInstant();
    int files = 0;
    long size = 0;
    for (Path file : files(snapshot)) {
      // A link without its blob counts as a file that is not there.
      if (Files.exists(file)) {
        files++;
        Path content = file.toRealPath();
        size += contents.add(content) ? Files.size(content) : 0;
        Instant written = Files.getLastModifiedTime(content).toInstant();
        modified = files == 1 || written.isAfter(modified) ? written : modified;
      }
    }
    return new CachedRevision(commit, refs, snapshot, files, size, modified);
  }

  /** Branches and tags by commit. */
  private static Map<String, List<String>> refs(Path folder) throws IOException {
    Map<String, List<String>> refs = new TreeMap<>();
    for (Path file : files(folder)) {
      String name = folder.relativize(file).toString().replace('\\', '/');
      refs.computeIfAbsent(Files.readString(file).strip(), key -> new ArrayList<>()).add(name);
    }
    refs.values().forEach(names -> names.sort(Comparator.naturalOrder()));
    return refs;
  }

  /**
   * Removes a model.
   *
   * @return bytes freed
   */
  long removeRepo(String repo) throws IOException {
    Path folder = cache.repoFolder(repo);
    if (!Files.isDirectory(folder)) {
      throw absent(repo, "it is not in the cache " + cache.root());
    }
    Usage usage = new Usage();
    Files.walkFileTree(folder, usage);
    delete(folder);
    delete(cache.root().resolve(".locks").resolve(folder.getFileName().toString()));
    return usage.bytes;
  }

  /**
   * Removes one revision with the files that no other one has; the model, if it was the only one.
   *
   * @return bytes freed
   */
  long removeRevision(String repo, String revision) throws IOException {
    Path folder = cache.repoFolder(repo);
    if (!Files.isDirectory(folder)) {
      throw absent(repo, "it is not in the cache " + cache.root());
    }
    CachedRepo cached = repo(folder, repo);
    CachedRevision target = find(cached, revision);
    if (cached.revisions().size() == 1) {
      return removeRepo(repo);
    }
    Set<Path> kept = new HashSet<>();
    for (CachedRevision other : cached.revisions()) {
      if (!other.equals(target)) {
        kept.addAll(contents(other.folder()));
      }
    }
    long freed = 0;
    Set<Path> unreferenced = contents(target.folder());
    unreferenced.removeAll(kept);
    for (Path content : unreferenced) {
      freed += Files.size(content);
    }
    // The name first: a revision that is known has all its files.
    for (String ref : target.refs()) {
      Files.deleteIfExists(folder.resolve("refs").resolve(ref));
    }
    delete(target.folder());
    Path blobs = folder.resolve("blobs").toRealPath();
    for (Path content : unreferenced) {
      if (content.startsWith(blobs)) {
        Files.deleteIfExists(content);
      }
    }
    // What Python notes beside a snapshot.
    delete(folder.resolve(".no_exist").resolve(target.commit()));
    Files.deleteIfExists(folder.resolve("trees").resolve(target.commit() + ".json"));
    return freed;
  }

  /** The revision of that branch, tag, commit or beginning of a commit. */
  private static CachedRevision find(CachedRepo repo, String name) throws HubException {
    List<CachedRevision> found =
        repo.revisions().stream().filter(revision -> revision.refs().contains(name)).toList();
    if (found.isEmpty()) {
      found =
          repo.revisions().stream()
              .filter(revision -> name.length() >= 7 && revision.commit().startsWith(name))
              .toList();
    }
    if (found.size() == 1) {
      return found.getFirst();
    }
    List<String> known =
        repo.revisions().stream()
            .map(
                revision ->
                    revision.commit().substring(0, Math.min(12, revision.commit().length()))
                        + (revision.refs().isEmpty() ? "" : " " + revision.refs()))
            .toList();
    throw absent(
        repo.repo() + "@" + name,
        (found.isEmpty() ? "the cache has no such revision" : "that is more than one revision")
            + "; it has "
            + (known.isEmpty() ? "none" : String.join(", ", known)));
  }

  private static HubException absent(String name, String why) {
    return new HubException(
        Reason.CACHE,
        name + ": cannot be removed, " + why + ". List the cache to see what is there");
  }

  /** The real files that a snapshot consists of. */
  private static Set<Path> contents(Path snapshot) throws IOException {
    Set<Path> contents = new HashSet<>();
    for (Path file : files(snapshot)) {
      if (Files.exists(file)) {
        contents.add(file.toRealPath());
      }
    }
    return contents;
  }

  private static List<Path> children(Path folder) throws IOException {
    if (!Files.isDirectory(folder)) {
      return List.of();
    }
    try (Stream<Path> children = Files.list(folder)) {
      return children.toList();
    }
  }

  /** Files and links below a folder, without what desktops leave behind. */
  private static List<Path> files(Path folder) throws IOException {
    if (!Files.isDirectory(folder)) {
      return List.of();
    }
    try (Stream<Path> paths = Files.walk(folder)) {
      return paths
          .filter(path -> !Files.isDirectory(path))
          .filter(path -> !path.endsWith(".DS_Store"))
          .toList();
    }
  }

  private static void delete(Path path) throws IOException {
    if (!Files.exists(path)) {
      return;
    }
    // Links are deleted, not followed.
    try (Stream<Path> paths = Files.walk(path)) {
      for (Path file : paths.sorted(Comparator.reverseOrder()).toList()) {
        Files.deleteIfExists(file);
      }
    }
  }

  /** Adds up the regular files of a folder; links cost nothing. */
  private static final class Usage extends SimpleFileVisitor<Path> {
    private long bytes;
    private Instant lastUsed = Instant.EPOCH;

    @Override
    public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) {
      if (attributes.isRegularFile()) {
        bytes += attributes.size();
        Instant read = attributes.lastAccessTime().toInstant();
        Instant written = attributes.lastModifiedTime().toInstant();
        Instant used = read.isAfter(written) ? read : written;
        lastUsed = used.isAfter(lastUsed) ? used : lastUsed;
      }
      return FileVisitResult.CONTINUE;
    }
  }
}
