/**
 * What files of tensors have in common: their place in memory, the words that refuse them, and
 * replacing them whole or not at all.
 */
package dev.wick.formats.file;
