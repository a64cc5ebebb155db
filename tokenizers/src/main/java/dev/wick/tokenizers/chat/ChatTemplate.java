package dev.wick.tokenizers.chat;

import dev.wick.formats.gguf.GgufFile;
import dev.wick.tokenizers.TokenizerConfig;
import dev.wick.tokenizers.jinja.Rendered;
import dev.wick.tokenizers.jinja.Template;
import dev.wick.tokenizers.jinja.TemplateException;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The chat template of a model, or its several named ones. Immutable and thread-safe.
 *
 * <p>Found where transformers finds it: {@code chat_template.jinja} and {@code
 * additional_chat_templates/NAME.jinja}, or else {@code chat_template} in {@code
 * tokenizer_config.json}; in a GGUF file under {@code tokenizer.chat_template}. Templates are
 * programs from strangers; the evaluator bounds their time and output and gives them nothing but
 * their variables.
 */
public final class ChatTemplate {
  private static final String DEFAULT = "default";
  private static final String TOOL_USE = "tool_use";
  private static final String ASSISTANT = "assistant";

  private final Map<String, Source> templates;
  private final Map<String, Object> specialTokens;

  private record Source(String text, Template template) {}

  private ChatTemplate(Map<String, Source> templates, Map<String, Object> specialTokens) {
    this.templates = templates;
    this.specialTokens = specialTokens;
  }

  /**
   * Loads the template of a model folder or a GGUF file.
   *
   * @throws IOException if there is none, or it cannot be read or parsed; the message names the
   *     folder or the file
   */
  public static ChatTemplate load(Path path) throws IOException {
    return Files.isDirectory(path) || !GgufFile.hasName(path) ? ofFolder(path) : ofGguf(path);
  }

  private static ChatTemplate ofGguf(Path file) throws IOException {
    TokenizerConfig config = TokenizerConfig.load(file);
    if (config.chatTemplates().isEmpty()) {
      throw new IOException(
          "chat template: there is none in %s, under tokenizer.chat_template; take a chat"
                  .formatted(file)
              + " (instruct) model");
    }
    try {
      return of(config.chatTemplates(), config);
    } catch (TemplateException e) {
      throw new IOException(file + ": chat " + e.getMessage(), e);
    }
  }

  private static ChatTemplate ofFolder(Path folder) throws IOException {
    TokenizerConfig config = TokenizerConfig.load(folder);
    Map<String, String> sources = files(folder);
    String origin = folder.toString();
    if (sources.isEmpty()) {
      sources = config.chatTemplates();
      origin = folder.resolve("tokenizer_config.json").toString();
    }
    if (sources.isEmpty()) {
      throw new IOException(
          "chat template: there is none in %s, neither chat_template.jinja nor \"chat_template\" in"
                  .formatted(folder)
              + " tokenizer_config.json; take a chat (instruct) model, or put a template there");
    }
    try {
      return of(sources, config);
    } catch (TemplateException e) {
      throw new IOException(origin + ": chat " + e.getMessage(), e);
    }
  }

  /**
   * Parses a template that is at hand.
   *
   * @param config names the special tokens that the template may print
   * @throws TemplateException if it does not parse
   */
  public static ChatTemplate of(String source, TokenizerConfig config) {
    return of(Map.of(DEFAULT, source), config);
  }

  private static ChatTemplate of(Map<String, String> sources, TokenizerConfig config) {
    Map<String, Source> templates = new LinkedHashMap<>();
    sources.forEach((name, text) -> templates.put(name, new Source(text, Template.parse(text))));
    Map<String, Object> specialTokens = new LinkedHashMap<>(config.specialTokens());
    if (!config.additionalSpecialTokens().isEmpty()) {
      specialTokens.put("additional_special_tokens", config.additionalSpecialTokens());
    }
    return new ChatTemplate(templates, specialTokens);
  }

  private static Map<String, String> files(Path folder) throws IOException {
    Map<String, String> sources = new LinkedHashMap<>();
    Path main = folder.resolve("chat_template.jinja");
    if (Files.exists(main)) {
      sources.put(DEFAULT, Files.readString(main));
    }
    Path further = folder.resolve("additional_chat_templates");
    if (Files.isDirectory(further)) {
      List<Path> files = new ArrayList<>();
      try (DirectoryStream<Path> found = Files.newDirectoryStream(further, "*.jinja")) {
        found.forEach(files::add);
      }
      files.sort(null);
      for (Path file : files) {
        String name = String.valueOf(file.getFileName());
        sources.put(name.substring(0, name.length() - ".jinja".length()), Files.readString(file));
      }
    }
    return sources;
  }

  /** The names of the templates; a single one is called {@code default}. */
  public List<String> names() {
    return List.copyOf(templates.keySet());
  }

  /**
   * Renders a conversation.
   *
   * @throws IllegalArgumentException if the request asks for what this template does not have
   * @throws TemplateException if the template refuses the conversation or fails on it
   */
  public ChatPrompt render(ChatRequest request) {
    Source source = choose(request);
    String field = request.continuedField();
    if (field.isEmpty()) {
      Rendered rendered =
          source.template().render(request.variables(request.messages(), specialTokens));
      return new ChatPrompt(rendered.text(), rendered.generationSpans());
    }
    if (request.addGenerationPrompt()) {
      throw new IllegalArgumentException(
          "chat: expected either a generation prompt or a final message to continue, got both");
    }
    if (!source.text().contains(field)) {
      throw new IllegalArgumentException(
          "chat: expected a field that the template reads, to continue it, got \"%s\""
              .formatted(field));
    }
    FinalMessage last = FinalMessage.mark(request.messages(), field);
    Rendered rendered = source.template().render(request.variables(last.messages(), specialTokens));
    String text = last.cut(rendered.text());
    return new ChatPrompt(text, clip(rendered.generationSpans(), text));
  }

  /**
   * Renders a whole conversation to learn from, with spans of what the assistant says in it.
   *
   * <p>Of a template without {@code generation} blocks, a turn's span is found by rendering the
   * conversation up to the turn, with a generation prompt, and through it. A turn that the template
   * renders otherwise once more messages follow, as those do that drop earlier thoughts, has none.
   *
   * @throws IllegalArgumentException if no turn of an assistant can be found, or as {@link #render}
   * @throws TemplateException if the template refuses the conversation or fails on it
   */
  public ChatPrompt renderToLearn(ChatRequest request) {
    ChatRequest whole = request.withGenerationPrompt(false);
    ChatPrompt prompt = render(whole);
    if (!prompt.assistantSpans().isEmpty()) {
      return prompt;
    }
    List<Rendered.Span> spans = new ArrayList<>();
    List<ChatMessage> messages = request.messages();
    for (int i = 0; i < messages.size(); i++) {
      if (messages.get(i).role().equals(ASSISTANT)) {
        String before = i == 0 ? "" : render(whole.first(i).withGenerationPrompt(true)).text();
        String through =
            i == messages.size() - 1 ? prompt.text() : render(whole.first(i + 1)).text();
        if (prompt.text().startsWith(through) && through.startsWith(before)) {
          spans.add(
              new Rendered.Span(
                  before.codePointCount(0, before.length()),
                  through.codePointCount(0, through.length())));
        }
      }
    }
    if (spans.isEmpty()) {
      throw new IllegalArgumentException(
          "chat: expected a turn of the assistant that can be told from the rest, got none in %d"
                  .formatted(messages.size())
              + " messages; mark what is learned with {% generation %} in the template");
    }
    return new ChatPrompt(prompt.text(), spans);
  }

  private static List<Rendered.Span> clip(List<Rendered.Span> spans, String text) {
    int length = text.codePointCount(0, text.length());
    return spans.stream()
        .filter(span -> span.start() < length)
        .map(span -> new Rendered.Span(span.start(), Math.min(span.end(), length)))
        .toList();
  }

  private Source choose(ChatRequest request) {
    String wanted = request.templateName();
    if (wanted.isEmpty()) {
      wanted = request.hasTools() && templates.containsKey(TOOL_USE) ? TOOL_USE : DEFAULT;
    }
    @Nullable Source source = templates.get(wanted);
    if (source == null) {
      throw new IllegalArgumentException(
          "chat: expected one of the templates %s, got \"%s\""
              .formatted(templates.keySet(), wanted));
    }
    return source;
  }
}
