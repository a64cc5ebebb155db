package dev.wick.tokenizers.chat;

import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What a chat template is rendered with: the arguments of {@code apply_chat_template} in
 * transformers. Immutable; each {@code with...} gives a changed copy.
 */
public final class ChatRequest {
  private final List<ChatMessage> messages;
  private final @Nullable List<Map<String, @Nullable Object>> tools;
  private final @Nullable List<Map<String, @Nullable Object>> documents;
  private final boolean addGenerationPrompt;
  private final String continuedField;
  private final String templateName;
  private final Map<String, @Nullable Object> variables;

  private ChatRequest(
      List<ChatMessage> messages,
      @Nullable List<Map<String, @Nullable Object>> tools,
      @Nullable List<Map<String, @Nullable Object>> documents,
      boolean addGenerationPrompt,
      String continuedField,
      String templateName,
      Map<String, @Nullable Object> variables) {
    this.messages = messages;
    this.tools = tools;
    this.documents = documents;
    this.addGenerationPrompt = addGenerationPrompt;
    this.continuedField = continuedField;
    this.templateName = templateName;
    this.variables = variables;
  }

  /**
   * A conversation that is to be answered: the prompt ends where the assistant's turn begins.
   *
   * @throws IllegalArgumentException if there is no message
   */
  public static ChatRequest answer(List<ChatMessage> messages) {
    return of(messages).withGenerationPrompt(true);
  }

  /**
   * A conversation as it stands.
   *
   * @throws IllegalArgumentException if there is no message
   */
  public static ChatRequest of(List<ChatMessage> messages) {
    if (messages.isEmpty()) {
      throw new IllegalArgumentException("chat: expected at least one message, got none");
    }
    return new ChatRequest(List.copyOf(messages), null, null, false, "", "", Map.of());
  }

  /** Whether the prompt ends with the beginning of an assistant's turn. */
  public ChatRequest withGenerationPrompt(boolean add) {
    return new ChatRequest(
        messages, tools, documents, add, continuedField, templateName, variables);
  }

  /**
   * The functions that the model may call, each as a JSON schema in the form {@code {"type":
   * "function", "function": {"name", "description", "parameters"}}}.
   */
  public ChatRequest withTools(List<? extends Map<String, ?>> functions) {
    return new ChatRequest(
        messages,
        copy(functions),
        documents,
        addGenerationPrompt,
        continuedField,
        templateName,
        variables);
  }

  /** Documents for retrieval-augmented generation, usually with {@code title} and {@code text}. */
  public ChatRequest withDocuments(List<? extends Map<String, ?>> passages) {
    return new ChatRequest(
        messages,
        tools,
        copy(passages),
        addGenerationPrompt,
        continuedField,
        templateName,
        variables);
  }

  /** Leaves the last message open, so that the model goes on with it. */
  public ChatRequest continuingFinalMessage() {
    return continuingFinalMessage("content");
  }

  /** Leaves a field of the last message open, for example {@code reasoning_content}. */
  public ChatRequest continuingFinalMessage(String field) {
    return new ChatRequest(
        messages, tools, documents, addGenerationPrompt, field, templateName, variables);
  }

  /** Picks one of a model's named templates; without this the choice is the usual one. */
  public ChatRequest withTemplate(String name) {
    return new ChatRequest(
        messages, tools, documents, addGenerationPrompt, continuedField, name, variables);
  }

  /** Whether the model may think before it answers, where the template knows the switch. */
  public ChatRequest withThinking(boolean enabled) {
    return with("enable_thinking", enabled);
  }

  /**
   * Sets any variable of the template.
   *
   * @throws IllegalArgumentException if it has a method of its own here
   */
  public ChatRequest with(String variable, @Nullable Object value) {
    if (List.of("messages", "tools", "documents", "add_generation_prompt").contains(variable)) {
      throw new IllegalArgumentException(
          "chat: expected a variable of the template, got \"%s\", which has its own method"
              .formatted(variable));
    }
    Map<String, @Nullable Object> changed = new LinkedHashMap<>(variables);
    changed.put(variable, value);
    return new ChatRequest(
        messages,
        tools,
        documents,
        addGenerationPrompt,
        continuedField,
        templateName,
        Collections.unmodifiableMap(changed));
  }

  private static List<Map<String, @Nullable Object>> copy(List<? extends Map<String, ?>> maps) {
    List<Map<String, @Nullable Object>> copies = new ArrayList<>();
    for (Map<String, ?> map : maps) {
      copies.add(Collections.unmodifiableMap(new LinkedHashMap<>(map)));
    }
    return Collections.unmodifiableList(copies);
  }

  /** The messages. */
  public List<ChatMessage> messages() {
    return messages;
  }

  /** The same about the first messages only. */
  ChatRequest first(int count) {
    return new ChatRequest(
        messages.subList(0, count),
        tools,
        documents,
        addGenerationPrompt,
        continuedField,
        templateName,
        variables);
  }

  boolean hasTools() {
    return tools != null;
  }

  /** The field of the last message that is left open, or empty. */
  String continuedField() {
    return continuedField;
  }

  boolean addGenerationPrompt() {
    return addGenerationPrompt;
  }

  /** The named template that is wanted, or empty. */
  String templateName() {
    return templateName;
  }

  /** Everything the template sees, with these messages in place of the request's own. */
  Map<String, @Nullable Object> variables(
      List<ChatMessage> shown, Map<String, ? extends @Nullable Object> specialTokens) {
    Map<String, @Nullable Object> all = new LinkedHashMap<>(specialTokens);
    all.putAll(variables);
    all.put("messages", shown.stream().map(ChatMessage::fields).toList());
    all.put("tools", tools);
    all.put("documents", documents);
    all.put("add_generation_prompt", addGenerationPrompt);
    return all;
  }
}
