package dev.wick.hub;

import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Objects;
import java.util.Optional;
import java.util.UUID;

/**
 * The folder layout of {@code huggingface_hub}, shared with Python:
 *
 * <pre>
 * models--Qwen--Qwen3-0.6B/refs/main                      the commit's hash
 * models--Qwen--Qwen3-0.6B/blobs/ETAG                     a file's content
 * models--Qwen--Qwen3-0.6B/snapshots/COMMIT/config.json   a link to ../../blobs/ETAG
 * .locks/models--Qwen--Qwen3-0.6B/ETAG.lock
 * </pre>
 *
 * @param root the folder of the {@code models--...} folders
 * @param symlinks whether links may be made; otherwise snapshots hold the files themselves
 */
record Cache(Path root, boolean symlinks) {
  static final String MODEL_PREFIX = "models--";

  private static final Logger LOG = System.getLogger("dev.wick.hub");

  Path repoFolder(String repo) {
    return root.resolve(MODEL_PREFIX + repo.replace("/", "--"));
  }

  Path blob(String repo, Etag etag) {
    return repoFolder(repo).resolve("blobs").resolve(etag.value());
  }

  Path lockFile(String repo, Etag etag) {
    return root.resolve(".locks")
        .resolve(MODEL_PREFIX + repo.replace("/", "--"))
        .resolve(etag.value() + ".lock");
  }

  Path snapshot(String repo, String commit) {
    return repoFolder(repo).resolve("snapshots").resolve(commit);
  }

  Path ref(HubId id) {
    return repoFolder(id.repo()).resolve("refs").resolve(id.revision());
  }

  /** The commit that a revision is known to be here. */
  Optional<String> commit(HubId id) throws IOException {
    if (id.isCommit()) {
      return Optional.of(id.revision());
    }
    Path ref = ref(id);
    if (!Files.isRegularFile(ref)) {
      return Optional.empty();
    }
    return Optional.of(Files.readString(ref).strip()).filter(HubId::isCommit);
  }

  /** The folder of a revision if it is here and nothing of the selection is missing. */
  Optional<Path> completeSnapshot(HubId id, FileSelection selection) throws IOException {
    Optional<Path> folder = commit(id).map(commit -> snapshot(id.repo(), commit));
    return folder.isPresent() && SnapshotCheck.isComplete(folder.get(), selection)
        ? folder
        : Optional.empty();
  }

  /** Notes which commit a revision is, so that readers see the old one or the new one. */
  void writeRef(HubId id, String commit) throws IOException {
    if (id.revision().equals(commit) || commit(id).equals(Optional.of(commit))) {
      return;
    }
    Path ref = ref(id);
    Files.createDirectories(ref.getParent());
    Path temporary = sibling(ref);
    try {
      Files.writeString(temporary, commit);
      Files.move(temporary, ref, StandardCopyOption.REPLACE_EXISTING);
    } finally {
      Files.deleteIfExists(temporary);
    }
  }

  /**
   * Lets a snapshot's file be a blob: by a relative link, or where links cannot be made by moving a
   * new blob and copying an old one.
   */
  void link(Path blob, Path pointer, boolean newBlob) throws IOException {
    Path folder = Objects.requireNonNull(pointer.getParent(), "a file of a snapshot has a folder");
    Files.createDirectories(folder);
    if (symlinks) {
      Path target = folder.relativize(blob);
      // Only a broken link can be here: whoever calls has seen that the file is missing.
      Files.deleteIfExists(pointer);
      try {
        Files.createSymbolicLink(pointer, target);
        return;
      } catch (FileAlreadyExistsException e) {
        if (Files.exists(pointer) && Files.isSameFile(pointer, blob)) {
          return;
        }
        throw e;
      } catch (UnsupportedOperationException | FileSystemException e) {
        LOG.log(Level.DEBUG, "Links cannot be made here, files are moved or copied instead", e);
      }
    }
    if (newBlob) {
      Files.move(blob, pointer, StandardCopyOption.REPLACE_EXISTING);
      return;
    }
    Path temporary = sibling(pointer);
    try {
      Files.copy(blob, temporary);
      Files.move(temporary, pointer, StandardCopyOption.REPLACE_EXISTING);
    } finally {
      Files.deleteIfExists(temporary);
    }
  }

  private static Path sibling(Path file) {
    return file.resolveSibling(
        file.getFileName() + "." + UUID.randomUUID().toString().substring(0, 8) + ".tmp");
  }
}
