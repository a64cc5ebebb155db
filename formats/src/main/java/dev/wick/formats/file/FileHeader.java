package dev.wick.formats.file;

import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** What a file says about its tensors: names, types, shapes and places. Immutable. */
public interface FileHeader {
  /** The file this header was read from. */
  Path file();

  /** Bytes of the file. */
  long fileSize();

  /** Where in the file the data section begins, in bytes. */
  long dataOffset();

  /** The tensors by name, in an order that the format defines. */
  Map<String, TensorEntry> entries();

  /** Names of the tensors, in the order of {@link #entries}. */
  default Set<String> names() {
    return entries().keySet();
  }

  /** The tensor of this name, or empty if there is none. */
  default Optional<TensorEntry> find(String name) {
    return Optional.ofNullable(entries().get(name));
  }
}
