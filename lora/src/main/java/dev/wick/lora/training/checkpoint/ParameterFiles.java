package dev.wick.lora.training.checkpoint;

import java.io.IOException;
import java.nio.file.Path;

/** How the trained tensors of a run are kept in folders. */
public interface ParameterFiles {
  /** Writes the F32 tensors into a folder, from which they can be restored bit for bit. */
  void write(Path folder) throws IOException;

  /** Reads the tensors back in place. */
  void restore(Path folder) throws IOException;

  /** Writes what the run was for: files that other programs load. */
  void writeResult(Path folder) throws IOException;
}
