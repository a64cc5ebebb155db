import org.jspecify.annotations.NullMarked;

/**
 * Text to token ids and back: {@code tokenizer.json} as Hugging Face publishes it or what a GGUF
 * file has in its place, incremental detokenising, and chat templates.
 */
@NullMarked
module dev.wick.tokenizers {
  requires static transitive org.jspecify;
  requires transitive dev.wick.engine;
  requires transitive dev.wick.formats;
  requires ai.djl.tokenizers;
  requires com.fasterxml.jackson.core;
  requires com.fasterxml.jackson.databind;

  exports dev.wick.tokenizers;
  exports dev.wick.tokenizers.chat;
  exports dev.wick.tokenizers.jinja;
}
