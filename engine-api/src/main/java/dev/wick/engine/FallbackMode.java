package dev.wick.engine;

/** What happens when a device has no kernel for a fused operation. */
public enum FallbackMode {
  /** Its decomposition runs instead, and is counted. */
  ALLOW,
  /** It is an error, so that a benchmark knows what it measured. */
  REQUIRE_FUSED,
  /** Every fused operation is decomposed, whether or not there is a kernel; for tests. */
  DECOMPOSE_ALL
}
