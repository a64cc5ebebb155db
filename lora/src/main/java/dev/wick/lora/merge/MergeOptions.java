package dev.wick.lora.merge;

/**
 * How a merged model is written.
 *
 * @param widen whether all floats are written as F32, so that nothing is rounded
 */
public record MergeOptions(boolean widen) {
  /** Every tensor in the type that the base model has it in. */
  public static final MergeOptions DEFAULT = new MergeOptions(false);

  /** Every float as F32. */
  public static final MergeOptions WIDENED = new MergeOptions(true);
}
