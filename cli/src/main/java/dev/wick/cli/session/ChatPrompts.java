package dev.wick.cli.session;

import dev.wick.streaming.Prompt;
import dev.wick.tokenizers.HuggingFaceTokenizer;
import dev.wick.tokenizers.chat.ChatMessage;
import dev.wick.tokenizers.chat.ChatRequest;
import dev.wick.tokenizers.chat.ChatTemplate;
import java.io.IOException;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Turns conversations into prompts by a model's own chat template. */
public final class ChatPrompts {
  private final ChatTemplate template;
  private final HuggingFaceTokenizer tokenizer;
  private final @Nullable Switch thinking;

  /**
   * The template of a session's model.
   *
   * @param thinking whether the model may think before it answers; null for what the template does
   * @throws IOException if the model has no template or no tokenizer, or one is damaged
   */
  public ChatPrompts(Session session, @Nullable Switch thinking) throws IOException {
    this.template = ChatTemplate.load(session.path());
    this.tokenizer = session.tokenizer();
    this.thinking = thinking;
  }

  /** The prompt after which the model answers. */
  public Prompt answer(List<ChatMessage> messages) {
    ChatRequest request = ChatRequest.answer(messages);
    if (thinking != null) {
      request = request.withThinking(thinking == Switch.ON);
    }
    return Prompt.of(template.render(request).encode(tokenizer));
  }
}
