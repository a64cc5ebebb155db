package dev.wick.formats.internal;

import java.nio.charset.StandardCharsets;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** Recognises, by their first bytes, files that people put in the place of a checkpoint. */
public final class FileKind {
  /** Bytes that {@link #misplaced} looks at. */
  static final int PREFIX_BYTES = 64;

  private FileKind() {}

  /** What the file is and what to do about it, or null if it is nothing known. */
  public static @Nullable String misplaced(byte[] prefix) {
    String text = new String(prefix, StandardCharsets.ISO_8859_1);
    if (text.startsWith("version https://git-lfs.github.com/spec/")) {
      return "this is a Git LFS pointer, not the file itself; fetch it with 'git lfs pull'";
    }
    if (text.startsWith("GGUF")) {
      return "this is a GGUF file; give it a name that ends in .gguf and pass it as the model";
    }
    if (text.startsWith("PK\u0003\u0004") || text.startsWith("\u0080\u0002")) {
      return "this is a PyTorch pickle file, which is not read because it can run code; "
          + "convert it with save_pretrained of transformers";
    }
    String head = text.stripLeading().toLowerCase(Locale.ROOT);
    if (head.startsWith("<!doctype") || head.startsWith("<html")) {
      return "this is an HTML page, as a failed download leaves it; download the file again";
    }
    return null;
  }
}
