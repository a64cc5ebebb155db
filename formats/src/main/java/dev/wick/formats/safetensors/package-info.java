/** The safetensors format: one file, and the index over several. */
package dev.wick.formats.safetensors;
