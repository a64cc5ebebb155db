/**
 * Models on disk: a {@link dev.wick.formats.Checkpoint} is a folder or a GGUF file, and its weights
 * have the names of Hugging Face in either.
 */
package dev.wick.formats;
