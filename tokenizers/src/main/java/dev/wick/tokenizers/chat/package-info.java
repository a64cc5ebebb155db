/**
 * Conversations and the templates that turn them into prompts.
 *
 * <p>A {@link dev.wick.tokenizers.chat.ChatTemplate} belongs to a model, a {@link
 * dev.wick.tokenizers.chat.ChatRequest} to one turn of one conversation; rendering the one with the
 * other gives a {@link dev.wick.tokenizers.chat.ChatPrompt}: the text, and with a tokenizer its
 * ids.
 */
package dev.wick.tokenizers.chat;
