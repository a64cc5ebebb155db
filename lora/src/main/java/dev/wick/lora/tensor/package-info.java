/** Tensors of files looked at and made, a piece at a time; not exported. */
package dev.wick.lora.tensor;
