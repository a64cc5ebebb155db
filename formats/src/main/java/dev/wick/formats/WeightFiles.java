package dev.wick.formats;

import dev.wick.formats.file.FileHeader;
import dev.wick.formats.file.MappedFile;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.function.Consumer;

/** The files of a checkpoint, opened together and closed together. Thread-safe. */
final class WeightFiles<H extends FileHeader> implements AutoCloseable {
  private final Path location;
  private final List<MappedFile<H>> files;
  private volatile boolean closed;

  private WeightFiles(Path location, List<MappedFile<H>> files) {
    this.location = location;
    this.files = List.copyOf(files);
  }

  /** Opens one file. */
  @FunctionalInterface
  interface Opener<H extends FileHeader> {
    MappedFile<H> open(Path file) throws IOException;
  }

  /** Makes the weights of the files, which it then owns. */
  @FunctionalInterface
  interface Maker<H extends FileHeader, W> {
    W make(WeightFiles<H> files) throws IOException;
  }

  /** Opens files and makes the weights of them; if either fails, none stays open. */
  static <H extends FileHeader, W> W open(
      Path location, Collection<Path> paths, Opener<H> opener, Maker<H, W> maker)
      throws IOException {
    List<MappedFile<H>> files = new ArrayList<>();
    boolean made = false;
    try {
      for (Path path : paths) {
        files.add(opener.open(path));
      }
      W weights = maker.make(new WeightFiles<>(location, files));
      made = true;
      return weights;
    } finally {
      if (!made) {
        files.forEach(MappedFile::close);
      }
    }
  }

  /** The path that the weights were opened at. */
  Path location() {
    return location;
  }

  /** The files in the order in which they were opened. */
  List<MappedFile<H>> list() {
    return files;
  }

  List<H> headers() {
    return files.stream().map(MappedFile::header).toList();
  }

  long byteSize() {
    return files.stream().mapToLong(file -> file.header().fileSize()).sum();
  }

  /** As {@link CheckpointWeights#prefetch}. */
  void prefetch(Consumer<LoadProgress> listener) {
    requireOpen();
    long total = byteSize();
    long done = 0;
    for (MappedFile<H> file : files) {
      long before = done;
      boolean complete =
          file.prefetch(
              bytes ->
                  listener.accept(new LoadProgress(file.header().file(), before + bytes, total)));
      if (!complete) {
        return;
      }
      done += file.header().fileSize();
    }
  }

  void requireOpen() {
    if (closed) {
      throw new IllegalStateException("weights: %s are closed".formatted(location));
    }
  }

  @Override
  public void close() {
    closed = true;
    files.forEach(MappedFile::close);
  }
}
