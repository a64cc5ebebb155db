/** Adapters as PEFT keeps them: configuration, tensors, and how both fit a base model. */
package dev.wick.lora.peft;
