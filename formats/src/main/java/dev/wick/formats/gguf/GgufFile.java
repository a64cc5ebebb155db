package dev.wick.formats.gguf;

import dev.wick.formats.file.FormatException;
import dev.wick.formats.file.MappedFile;
import dev.wick.formats.internal.FileInput;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Opens GGUF files, which hold the tensors of a model, its configuration and its tokenizer. */
public final class GgufFile {
  private static final Pattern PART = Pattern.compile("(.*)-(\\d{5})-of-(\\d{5})\\.gguf");

  private GgufFile() {}

  /** Whether a path looks like a GGUF file: by its name, {@code .gguf}. */
  public static boolean hasName(Path path) {
    return path.toString().endsWith(".gguf");
  }

  /**
   * Opens a file, checks its header and maps it.
   *
   * @throws FormatException if the file breaks a rule of the format, or has a tensor of a type that
   *     is not supported
   * @throws IOException if the file cannot be read or mapped
   */
  public static MappedFile<GgufHeader> open(Path file) throws IOException {
    try (FileChannel channel = FileInput.open(file)) {
      return MappedFile.of(GgufHeaderParser.parse(file, channel), channel);
    }
  }

  /**
   * The files of a model, in order: those that the name of one of them tells.
   *
   * @param file the only one, or any part of a split model
   * @throws IOException if a part is missing; the message names it
   */
  public static List<Path> parts(Path file) throws IOException {
    Matcher name = PART.matcher(String.valueOf(file.getFileName()));
    if (!name.matches() || Integer.parseInt(name.group(3)) < 1) {
      return List.of(file);
    }
    int count = Integer.parseInt(name.group(3));
    List<Path> parts = new ArrayList<>();
    List<String> missing = new ArrayList<>();
    for (int i = 1; i <= count; i++) {
      Path part =
          file.resolveSibling("%s-%05d-of-%s.gguf".formatted(name.group(1), i, name.group(3)));
      parts.add(part);
      if (!Files.exists(part)) {
        missing.add(String.valueOf(part.getFileName()));
      }
    }
    if (!missing.isEmpty()) {
      throw new NoSuchFileException(
          file.toString(),
          null,
          "%d of %d parts are missing, %s the first; download them into the folder of the others"
              .formatted(missing.size(), count, missing.getFirst()));
    }
    return List.copyOf(parts);
  }
}
