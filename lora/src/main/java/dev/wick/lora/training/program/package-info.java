/**
 * A micro-batch forwards and backwards as one program, and the tensors that it trains; not
 * exported.
 */
package dev.wick.lora.training.program;
