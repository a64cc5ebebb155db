package dev.wick.hub;

import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Where a model stands: in a folder or a GGUF file of this machine, or on the hub. */
public sealed interface ModelLocation {
  /** How the name of a GGUF file ends. */
  String GGUF = ".gguf";

  /**
   * A model in a folder.
   *
   * @param path an existing folder
   */
  record Folder(Path path) implements ModelLocation {}

  /**
   * A model in a GGUF file.
   *
   * @param path an existing file
   */
  record File(Path path) implements ModelLocation {}

  /**
   * A model on the hub, cached or not.
   *
   * @param id its name there
   */
  record OnHub(HubId id) implements ModelLocation {}

  /**
   * A GGUF file on the hub, cached or not.
   *
   * @param id the repository it is in
   * @param file its path there
   */
  record FileOnHub(HubId id, String file) implements ModelLocation {
    private static final Pattern PART = Pattern.compile("(.*)-\\d{5}-of-(\\d{5}\\.gguf)");

    /** The file, and of a split model all its parts. */
    FileSelection selection() {
      Matcher part = PART.matcher(file);
      return FileSelection.matching(
          part.matches() ? "%s-?????-of-%s".formatted(part.group(1), part.group(2)) : file);
    }
  }

  /**
   * Reads what a user writes for a model: an existing folder or {@code .gguf} file, otherwise a hub
   * id, which may name a file: {@code Qwen/Qwen3-0.6B-GGUF:Qwen3-0.6B-Q8_0.gguf}.
   *
   * @throws IllegalArgumentException if the text is none of them; the message says why
   */
  static ModelLocation parse(String text) {
    String folderFault;
    try {
      Path path = Path.of(text);
      if (!text.isEmpty() && Files.isDirectory(path)) {
        return new Folder(path);
      }
      if (text.endsWith(GGUF) && Files.isRegularFile(path)) {
        return new File(path);
      }
      folderFault =
          text.isEmpty()
              ? "the name is empty"
              : Files.exists(path) ? "it is a file, not a folder" : "no such folder";
      if (Files.exists(path)) {
        throw neither(text, folderFault, "a hub id is not looked up where a file has the name");
      }
    } catch (InvalidPathException e) {
      folderFault = "not a path on this system";
    }
    if (HubId.isPathOnly(text)) {
      throw neither(text, folderFault, "a hub id does not start with '.', '/' or '~'");
    }
    try {
      if (!text.endsWith(GGUF)) {
        return new OnHub(HubId.parse(text));
      }
      int colon = text.lastIndexOf(':');
      if (colon < 0) {
        throw new IllegalArgumentException(
            "a GGUF file on the hub is written namespace/name:file.gguf");
      }
      return new FileOnHub(HubId.parse(text.substring(0, colon)), file(text.substring(colon + 1)));
    } catch (IllegalArgumentException e) {
      throw neither(text, folderFault, String.valueOf(e.getMessage()));
    }
  }

  private static String file(String name) {
    boolean plain = name.chars().noneMatch(c -> "*?\\:".indexOf(c) >= 0 || c < ' ');
    for (String part : name.split("/", -1)) {
      plain &= !part.isEmpty() && !part.equals(".") && !part.equals("..");
    }
    if (!plain) {
      throw new IllegalArgumentException("expected the path of a file after the ':'");
    }
    return name;
  }

  private static IllegalArgumentException neither(String text, String folder, String hub) {
    return new IllegalArgumentException(
        ("model: expected an existing folder or a hub id such as Qwen/Qwen3-0.6B, got '%s':"
                + " as a folder: %s; as a hub id: %s")
            .formatted(text, folder, hub));
  }
}
