/**
 * The registry of adapters: versions that are published, activated, rolled back and removed while
 * requests hold the one they began with.
 */
package dev.wick.lora;
