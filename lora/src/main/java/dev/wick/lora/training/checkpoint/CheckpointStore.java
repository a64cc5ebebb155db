package dev.wick.lora.training.checkpoint;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * The checkpoints of a run: folders {@code checkpoint-STEP}. A folder gets that name only when all
 * of it is on the disk, so that whatever ends the process, each folder of that name is whole.
 */
public final class CheckpointStore {
  private static final Pattern NAME = Pattern.compile("checkpoint-(\\d{1,18})");
  private static final String TEMPORARY = ".tmp";

  private final Path folder;
  private final int kept;

  /** Writes the files of a checkpoint into an empty folder. */
  @FunctionalInterface
  public interface Content {
    void writeTo(Path folder) throws IOException;
  }

  /**
   * A store in a folder.
   *
   * @param kept how many of the newest checkpoints stay
   */
  public CheckpointStore(Path folder, int kept) {
    this.folder = folder;
    this.kept = kept;
  }

  /** Removes what an ended process has left behind half written. */
  public void removeLeftovers() throws IOException {
    for (Path path : entries()) {
      String name = path.getFileName().toString();
      if (name.startsWith(".") && name.endsWith(TEMPORARY)) {
        delete(path);
      }
    }
  }

  /** The newest checkpoint. */
  public Optional<Path> latest() throws IOException {
    List<Path> all = checkpoints();
    return all.isEmpty() ? Optional.empty() : Optional.of(all.getLast());
  }

  /** All checkpoints, oldest first. */
  public List<Path> checkpoints() throws IOException {
    List<Path> found = new ArrayList<>();
    for (Path path : entries()) {
      if (NAME.matcher(path.getFileName().toString()).matches() && Files.isDirectory(path)) {
        found.add(path);
      }
    }
    found.sort(Comparator.comparingLong(CheckpointStore::step));
    return found;
  }

  /** The step of a checkpoint. */
  public static long step(Path checkpoint) {
    Matcher matcher = NAME.matcher(checkpoint.getFileName().toString());
    if (!matcher.matches()) {
      throw new IllegalArgumentException("checkpoint: expected checkpoint-STEP, got " + checkpoint);
    }
    return Long.parseLong(matcher.group(1));
  }

  private List<Path> entries() throws IOException {
    List<Path> entries = new ArrayList<>();
    try (DirectoryStream<Path> stream = Files.newDirectoryStream(folder)) {
      stream.forEach(entries::add);
    } catch (NoSuchFileException e) {
      return List.of();
    }
    return entries;
  }

  /**
   * Writes a checkpoint, unless there is one of that step, and removes the oldest ones.
   *
   * @param spared step of a checkpoint that stays whatever its age; -1 for none
   * @throws IOException if it cannot be written, for example to a full disk; those that are there
   *     stay
   */
  public Path write(long step, long spared, Content content) throws IOException {
    String name = "checkpoint-" + step;
    Path target = folder.resolve(name);
    if (Files.exists(target)) {
      return target;
    }
    try {
      create(target, content);
    } catch (IOException e) {
      throw new IOException(
          "%s: cannot write the checkpoint: %s; %s"
              .formatted(
                  target,
                  e.getMessage(),
                  latest()
                      .map(last -> "the last good one is " + last.getFileName())
                      .orElse("there is none yet")),
          e);
    }
    List<Path> all = checkpoints();
    for (Path old : all.subList(0, Math.max(0, all.size() - kept))) {
      if (!old.equals(target) && step(old) != spared) {
        Path aside = temporary(old);
        Files.move(old, aside, StandardCopyOption.ATOMIC_MOVE);
        delete(aside);
      }
    }
    return target;
  }

  private void create(Path target, Content content) throws IOException {
    Files.createDirectories(folder);
    Path temporary = temporary(target);
    try {
      Files.createDirectory(temporary);
      content.writeTo(temporary);
      force(temporary);
      Files.move(temporary, target, StandardCopyOption.ATOMIC_MOVE);
      forceFolder(folder);
    } finally {
      delete(temporary);
    }
  }

  private static Path temporary(Path target) {
    return target.resolveSibling(
        ".%s.%s%s".formatted(target.getFileName(), UUID.randomUUID(), TEMPORARY));
  }

  /** Waits until a folder and all in it are on the disk. */
  private static void force(Path root) throws IOException {
    try (Stream<Path> paths = Files.walk(root)) {
      for (Path path : paths.sorted(Comparator.reverseOrder()).toList()) {
        if (Files.isDirectory(path)) {
          forceFolder(path);
        } else {
          try (FileChannel channel = FileChannel.open(path, StandardOpenOption.WRITE)) {
            channel.force(true);
          }
        }
      }
    }
  }

  private static void forceFolder(Path path) throws IOException {
    // Folders cannot be opened on Windows.
    if (!System.getProperty("os.name", "").startsWith("Windows")) {
      try (FileChannel channel = FileChannel.open(path, StandardOpenOption.READ)) {
        channel.force(true);
      }
    }
  }

  private static void delete(Path root) throws IOException {
    if (!Files.exists(root)) {
      return;
    }
    try (Stream<Path> paths = Files.walk(root)) {
      for (Path path : paths.sorted(Comparator.reverseOrder()).toList()) {
        Files.deleteIfExists(path);
      }
    }
  }
}
