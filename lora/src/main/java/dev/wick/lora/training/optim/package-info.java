/** What turns gradients into steps: AdamW and the schedule of its learning rate. */
package dev.wick.lora.training.optim;
