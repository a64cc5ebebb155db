/** Models written as GGUF in fewer bits, tensor by tensor as llama.cpp chooses. */
package dev.wick.formats.quantize;
