package dev.wick.hub;

import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;

/** Where a model stands: in a folder of this machine, or on the hub. */
public sealed interface ModelLocation {
  /**
   * A model in a folder.
   *
   * @param path an existing folder
   */
  record Folder(Path path) implements ModelLocation {}

  /**
   * A model on the hub, cached or not.
   *
   * @param id its name there
   */
  record OnHub(HubId id) implements ModelLocation {}

  /**
   * Reads what a user writes for a model: an existing folder, otherwise a hub id.
   *
   * @throws IllegalArgumentException if the text is neither; the message says why for both
   */
  static ModelLocation parse(String text) {
    String folderFault;
    try {
      Path path = Path.of(text);
      if (!text.isEmpty() && Files.isDirectory(path)) {
        return new Folder(path);
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
      return new OnHub(HubId.parse(text));
    } catch (IllegalArgumentException e) {
      throw neither(text, folderFault, String.valueOf(e.getMessage()));
    }
  }

  private static IllegalArgumentException neither(String text, String folder, String hub) {
    return new IllegalArgumentException(
        ("model: expected an existing folder or a hub id such as Qwen/Qwen3-0.6B, got '%s':"
                + " as a folder: %s; as a hub id: %s")
            .formatted(text, folder, hub));
  }
}
