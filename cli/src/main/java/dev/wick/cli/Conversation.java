package dev.wick.cli;

import dev.wick.tokenizers.chat.ChatMessage;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What has been said in a chat. One thread at a time. */
final class Conversation {
  private final List<ChatMessage> turns = new ArrayList<>();
  private @Nullable String system;

  Conversation(@Nullable String system) {
    this.system = system;
  }

  /** Replaces the system message; an empty one is none. */
  void setSystem(String text) {
    system = text.isEmpty() ? null : text;
  }

  /** Forgets everything but the system message. */
  void reset() {
    turns.clear();
  }

  /** Adds what the user says. */
  void ask(String text) {
    turns.add(ChatMessage.user(text));
  }

  /** Adds what the model answered. */
  void answer(String text) {
    turns.add(ChatMessage.assistant(text));
  }

  /** Takes back what the user said last, since there is no answer. */
  void takeBack() {
    turns.removeLast();
  }

  /** All messages, the system message first. */
  List<ChatMessage> messages() {
    List<ChatMessage> messages = new ArrayList<>();
    if (system != null) {
      messages.add(ChatMessage.system(system));
    }
    messages.addAll(turns);
    return messages;
  }
}
