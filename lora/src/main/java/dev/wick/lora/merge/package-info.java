/** What is made of adapters: merged models, combinations of several, files for llama.cpp. */
package dev.wick.lora.merge;
