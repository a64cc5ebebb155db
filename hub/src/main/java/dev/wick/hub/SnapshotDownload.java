package dev.wick.hub;

import dev.wick.hub.HubException.Reason;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorCompletionService;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.jspecify.annotations.Nullable;

/** Brings the selected files of one revision into the cache and gives their folder. */
final class SnapshotDownload {
  private static final Logger LOG = System.getLogger("dev.wick.hub");

  // A cached model serves where the hub cannot be asked or does not let in; huggingface_hub does
  // the same.
  private static final Set<Reason> CACHE_SERVES =
      EnumSet.of(
          Reason.UNREACHABLE,
          Reason.BUSY,
          Reason.UNEXPECTED_ANSWER,
          Reason.ACCESS_DENIED,
          Reason.REPOSITORY_NOT_FOUND);

  private final HubHttp http;
  private final ModelApi api;
  private final Cache cache;
  private final Host host;
  private final int parallelism;
  private final HubId id;
  private final FileSelection selection;
  private final DownloadListener listener;

  SnapshotDownload(
      HubHttp http,
      Cache cache,
      Host host,
      int parallelism,
      HubId id,
      FileSelection selection,
      DownloadListener listener) {
    this.http = http;
    this.api = new ModelApi(http, host);
    this.cache = cache;
    this.host = host;
    this.parallelism = parallelism;
    this.id = id;
    this.selection = selection;
    this.listener = listener;
  }

  /**
   * Downloads what is missing.
   *
   * @param cached the folder of the revision as it is known here, if it is complete
   */
  Path run(Optional<Path> cached) throws IOException {
    ModelApi.Revision revision;
    try {
      revision = api.revision(id, cached.isPresent() ? 1 : Attempts.SHORT);
    } catch (HubException e) {
      if (cached.isPresent() && CACHE_SERVES.contains(e.reason())) {
        LOG.log(Level.WARNING, "Using the cached copy of " + id + ": " + e.getMessage());
        return cached.get();
      }
      throw e;
    }
    Path snapshot = cache.snapshot(id.repo(), revision.commit());
    List<String> names = selection.select(revision.files());
    requireWeights(names, revision);
    if (selection.isModel() && names.contains(FileSelection.INDEX_FILE)) {
      download(missing(snapshot, List.of(FileSelection.INDEX_FILE)), revision.commit());
      names = onlyIndexed(names, snapshot.resolve(FileSelection.INDEX_FILE));
    }
    download(missing(snapshot, names), revision.commit());
    // Last, so that a revision that is known here has all its files.
    cache.writeRef(id, revision.commit());
    return snapshot;
  }

  private void requireWeights(List<String> names, ModelApi.Revision revision) throws HubException {
    if (selection.isModel()
        ? names.stream().anyMatch(FileSelection::isWeights)
        : !names.isEmpty()) {
      return;
    }
    List<String> others =
        revision.files().stream()
            .filter(file -> file.matches("(?i).*\\.(gguf|bin|pth|pt|onnx|safetensors)"))
            .limit(4)
            .map(RepoPath::printable)
            .toList();
    throw new HubException(
        Reason.FILE_NOT_FOUND,
        "%s: the repository has no %s%s. Name a repository that has them"
            .formatted(
                id,
                selection.isModel()
                    ? "safetensors weights in its top folder"
                    : "files that match the patterns",
                others.isEmpty() ? "" : " (it has " + String.join(", ", others) + ")"));
  }

  /** Without the safetensors files that the index does not name: copies in another layout. */
  private List<String> onlyIndexed(List<String> names, Path index) throws IOException {
    Set<String> shards = SnapshotCheck.shards(index);
    for (String shard : shards) {
      if (!names.contains(shard)) {
        throw new HubException(
            Reason.FILE_NOT_FOUND,
            "%s, %s: names '%s', which the repository does not have"
                .formatted(id, FileSelection.INDEX_FILE, RepoPath.printable(shard)));
      }
    }
    return names.stream()
        .filter(name -> !FileSelection.isWeights(name) || isIndexedOrAdapter(name, shards))
        .toList();
  }

  private static boolean isIndexedOrAdapter(String name, Set<String> shards) {
    return shards.contains(name) || name.equals(FileSelection.ADAPTER_FILE);
  }

  private List<String> missing(Path snapshot, List<String> names) throws HubException {
    List<String> missing = new ArrayList<>();
    for (String name : names) {
      if (!Files.isRegularFile(RepoPath.resolve(snapshot, name, id))) {
        missing.add(name);
      }
    }
    return missing;
  }

  private void download(List<String> names, String commit) throws IOException {
    if (names.isEmpty()) {
      return;
    }
    Files.createDirectories(cache.repoFolder(id.repo()));
    List<RemoteFile> files = inParallel(names, name -> api.describe(id, commit, name));
    requireSpace(files);
    ProgressTracker progress = new ProgressTracker(files, listener, host.nanoTime());
    inParallel(
        files,
        file -> {
          new BlobDownload(api, http, cache, host, id, commit, progress, file).run();
          return file;
        });
  }

  private void requireSpace(List<RemoteFile> files) throws IOException {
    long needed = 0;
    for (RemoteFile file : files) {
      Path blob = cache.blob(id.repo(), file.etag());
      Path partial = BlobDownload.partial(blob);
      long here = Files.exists(partial) ? Files.size(partial) : 0;
      if (!Files.exists(blob)) {
        needed += Math.max(0, file.size() - here);
      }
    }
    long usable = host.usableSpace().bytes(cache.repoFolder(id.repo()));
    // Some network file systems say 0 for "unknown".
    if (usable > 0 && usable < needed) {
      throw new HubException(
          Reason.NO_SPACE,
          "%s: needs %s more, %s has %s. Free some space, or set HF_HOME to a larger disk"
              .formatted(id, megabytes(needed), cache.root(), megabytes(usable)));
    }
  }

  private static String megabytes(long bytes) {
    return "%,d MB".formatted((bytes + 999_999) / 1_000_000);
  }

  @FunctionalInterface
  private interface Task<T, R> {
    R run(T item) throws IOException;
  }

  /** Runs a task for each item; the first failure ends the others and is thrown. */
  private <T, R> List<R> inParallel(List<T> items, Task<T, R> task) throws IOException {
    try (ExecutorService pool =
        Executors.newFixedThreadPool(
            parallelism, Thread.ofVirtual().name("wick-hub-", 0).factory())) {
      ExecutorCompletionService<R> running = new ExecutorCompletionService<>(pool);
      items.forEach(item -> running.submit(() -> task.run(item)));
      try {
        List<R> results = new ArrayList<>();
        while (results.size() < items.size()) {
          results.add(running.take().get());
        }
        return results;
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        InterruptedIOException interrupted =
            new InterruptedIOException(id + ": the download was cancelled");
        interrupted.initCause(e);
        throw interrupted;
      } catch (ExecutionException e) {
        throw failure(e.getCause());
      } finally {
        pool.shutdownNow();
      }
    }
  }

  private static IOException failure(@Nullable Throwable cause) {
    return switch (cause) {
      case null -> new IOException("a download ended without a reason");
      case IOException failure -> failure;
      case RuntimeException fault -> throw fault;
      case Error error -> throw error;
      default -> new IOException(cause);
    };
  }
}
