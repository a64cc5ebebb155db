import org.jspecify.annotations.NullMarked;

/**
 * Sampling and generation: from the logits of any model to a stream of tokens.
 *
 * <p>{@code dev.wick.streaming.sampling} holds the logits processors, {@code dev.wick.streaming}
 * the generator with its four views.
 */
@NullMarked
module dev.wick.streaming {
  requires static transitive org.jspecify;
  requires transitive dev.wick.engine;

  exports dev.wick.streaming;
  exports dev.wick.streaming.sampling;
}
