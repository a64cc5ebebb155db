import org.jspecify.annotations.NullMarked;

/**
 * Checkpoint files: safetensors, single and sharded, and the folders that hold them.
 *
 * <p>Weights are memory-mapped and stay in the type of the file. Everything a file declares is
 * checked before it is believed, and what is wrong is an {@link java.io.IOException} that names the
 * file.
 */
@NullMarked
module dev.wick.formats {
  requires static transitive org.jspecify;
  requires transitive dev.wick.engine;
  requires com.fasterxml.jackson.core;

  exports dev.wick.formats;
}
