/**
 * Training data: records from JSONL files, their token ids and what of them is learned, packing and
 * the order in which they are visited.
 */
package dev.wick.lora.training.data;
