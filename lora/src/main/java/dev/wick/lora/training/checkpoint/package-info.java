/** The files that a run resumes from, and those that it ends with; not exported. */
package dev.wick.lora.training.checkpoint;
