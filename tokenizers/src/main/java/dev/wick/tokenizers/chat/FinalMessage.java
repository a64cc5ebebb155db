package dev.wick.tokenizers.chat;

import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Leaves the last message of a prompt open, as {@code continue_final_message} in transformers does:
 * a tag is put behind the message's text, and the rendered prompt is cut where the tag appears.
 *
 * @param text the text that is continued
 * @param messages the conversation with the tag in its last message
 */
record FinalMessage(String text, List<ChatMessage> messages) {
  /** The space at its end tells whether the template strips the text. */
  private static final String TAG = "CONTINUE_FINAL_MESSAGE_TAG ";

  /**
   * Marks the end of a field of the last message.
   *
   * @throws IllegalArgumentException if it has no text there
   */
  static FinalMessage mark(List<ChatMessage> messages, String field) {
    ChatMessage last = messages.getLast();
    Object value = last.fields().get(field);
    ChatMessage marked;
    String text;
    if (value instanceof String string) {
      text = string;
      marked = last.with(field, string + TAG);
    } else if (value instanceof List<?> parts) {
      List<@Nullable Object> copy = new ArrayList<>(parts);
      int index = lastText(copy, field);
      Map<String, @Nullable Object> part = new LinkedHashMap<>();
      ((Map<?, ?>) copy.get(index)).forEach((key, v) -> part.put(String.valueOf(key), v));
      text = String.valueOf(part.get("text"));
      part.put("text", text + TAG);
      copy.set(index, part);
      marked = last.with(field, Collections.unmodifiableList(copy));
    } else {
      throw nothing(field);
    }
    List<ChatMessage> all = new ArrayList<>(messages);
    all.set(all.size() - 1, marked);
    return new FinalMessage(text, all);
  }

  private static int lastText(List<@Nullable Object> parts, String field) {
    for (int i = parts.size() - 1; i >= 0; i--) {
      if (parts.get(i) instanceof Map<?, ?> part && part.get("text") instanceof String) {
        return i;
      }
    }
    throw nothing(field);
  }

  private static IllegalArgumentException nothing(String field) {
    return new IllegalArgumentException(
        "chat: expected text to continue in \"%s\" of the last message, got none".formatted(field));
  }

  /**
   * The rendered prompt up to the end of the message.
   *
   * @throws IllegalArgumentException if the template left the message out
   */
  String cut(String rendered) {
    int tag = rendered.lastIndexOf(TAG.strip());
    if (tag < 0 || !rendered.contains(strip(text))) {
      throw new IllegalArgumentException(
          "chat: expected the last message in the prompt, to continue it, but the template leaves it"
              + " out or changes it: "
              + text);
    }
    String before = rendered.substring(0, tag);
    return rendered.startsWith(TAG, tag) ? before : before.substring(0, endOfText(before));
  }

  private static String strip(String text) {
    int start = 0;
    int end = endOfText(text);
    while (start < end && isWhiteSpace(text.charAt(start))) {
      start++;
    }
    return text.substring(start, end);
  }

  private static int endOfText(String text) {
    int end = text.length();
    while (end > 0 && isWhiteSpace(text.charAt(end - 1))) {
      end--;
    }
    return end;
  }

  /** White space as Python's {@code str.strip} understands it. */
  private static boolean isWhiteSpace(char c) {
    return Character.isWhitespace(c) || Character.isSpaceChar(c) || c == 0x85;
  }
}
