import org.jspecify.annotations.NullMarked;

/**
 * Checkpoints and the files they are made of: model folders in safetensors, single and sharded, and
 * GGUF, read and written.
 *
 * <p>Weights are memory-mapped and stay in the type of the file. Everything a file declares is
 * checked before it is believed, and what is wrong is an {@link java.io.IOException} that names the
 * file.
 *
 * <p>{@code dev.wick.formats} knows models; it stands on {@code .safetensors} and {@code .gguf},
 * which each know one format, and these on {@code .file}, what all files have in common. {@code
 * .quantize} makes a GGUF file of a model.
 */
@NullMarked
module dev.wick.formats {
  requires static transitive org.jspecify;
  requires transitive dev.wick.engine;
  requires com.fasterxml.jackson.core;

  exports dev.wick.formats;
  exports dev.wick.formats.file;
  exports dev.wick.formats.gguf;
  exports dev.wick.formats.quantize;
  exports dev.wick.formats.safetensors;
}
