package dev.wick.lora.merge;

/** How several adapters become one; the names and meanings are PEFT's. */
public enum CombinationMethod {
  /** Weighted sums of the A and of the B, each with the root of the weight; equal ranks. */
  LINEAR,
  /** The exact weighted sum: the factors side by side; ranks add up. */
  CAT,
  /** The best approximation of the exact weighted sum of a given rank, by singular values. */
  SVD,
  /** LINEAR after trimming to the largest numbers and electing signs (arXiv:2306.01708). */
  TIES,
  /** LINEAR after dropping numbers at random and rescaling the others (arXiv:2311.03099). */
  DARE_LINEAR,
  /** TIES with DARE's dropping in the place of trimming. */
  DARE_TIES,
  /** LINEAR after trimming to the largest numbers. */
  MAGNITUDE_PRUNE
}
