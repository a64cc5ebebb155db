/**
 * The GGUF format of llama.cpp: one file or the parts of a split one, their metadata, and the names
 * that tensors have there.
 */
package dev.wick.formats.gguf;
