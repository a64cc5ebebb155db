package dev.wick.cli.training;

import dev.wick.lora.training.data.Example;
import dev.wick.lora.training.data.RecordEncoder;
import dev.wick.lora.training.data.TrainingRecord;
import dev.wick.tokenizers.HuggingFaceTokenizer;
import dev.wick.tokenizers.TokenizerConfig;
import dev.wick.tokenizers.chat.ChatMessage;
import dev.wick.tokenizers.chat.ChatRequest;
import dev.wick.tokenizers.chat.ChatTemplate;
import dev.wick.tokenizers.chat.EncodedChat;
import dev.wick.tokenizers.jinja.TemplateException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Encodes records with a model's own tokenizer and chat template: of conversations the turns of the
 * assistant are learned, of completions what follows the prompt, of texts everything. Completions
 * and texts end with the model's end-of-sequence token. Thread-safe.
 */
public final class ModelRecordEncoder implements RecordEncoder {
  private final HuggingFaceTokenizer tokenizer;
  private final int[] end;
  private final @Nullable ChatTemplate template;

  /**
   * An encoder for the model of a folder.
   *
   * @param hasConversations whether a chat template is needed
   * @throws IOException if the folder has none though it is needed, or a file is damaged
   */
  public ModelRecordEncoder(Path folder, HuggingFaceTokenizer tokenizer, boolean hasConversations)
      throws IOException {
    this.tokenizer = tokenizer;
    this.template = hasConversations ? ChatTemplate.load(folder) : null;
    Object eos = TokenizerConfig.load(folder).specialTokens().get("eos_token");
    this.end = eos == null ? new int[0] : tokenizer.encode(String.valueOf(eos));
  }

  @Override
  public Example encode(TrainingRecord record) {
    return switch (record.content()) {
      case TrainingRecord.Conversation conversation -> encode(conversation);
      case TrainingRecord.Completion(String prompt, String completion) ->
          learnedFrom(tokenizer.encode(prompt), join(tokenizer.encode(completion), end));
      case TrainingRecord.PlainText(String text) ->
          learnedFrom(new int[0], join(tokenizer.encode(text), end));
    };
  }

  private Example encode(TrainingRecord.Conversation conversation) {
    if (template == null) {
      throw new IllegalArgumentException("chat: expected a chat template, got none");
    }
    List<ChatMessage> messages = conversation.messages().stream().map(ChatMessage::of).toList();
    ChatRequest request = ChatRequest.of(messages);
    if (!conversation.tools().isEmpty()) {
      request = request.withTools(conversation.tools());
    }
    try {
      EncodedChat chat = template.renderToLearn(request).encodeWithMask(tokenizer);
      return Example.of(chat.ids(), chat.assistantMask());
    } catch (TemplateException e) {
      throw new IllegalArgumentException(e.getMessage(), e);
    }
  }

  private static Example learnedFrom(int[] prompt, int[] completion) {
    int[] ids = join(prompt, completion);
    boolean[] learned = new boolean[ids.length];
    Arrays.fill(learned, prompt.length, ids.length, true);
    return Example.of(ids, learned);
  }

  private static int[] join(int[] a, int[] b) {
    int[] both = Arrays.copyOf(a, a.length + b.length);
    System.arraycopy(b, 0, both, a.length, b.length);
    return both;
  }
}
