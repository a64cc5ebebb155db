/**
 * Fine-tuning: gradients through a model's forward pass, AdamW, schedules, checkpoints that a run
 * resumes from bit for bit, and the loops that put them together.
 */
package dev.wick.lora.training;
