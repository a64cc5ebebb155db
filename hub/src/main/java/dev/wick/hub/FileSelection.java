package dev.wick.hub;

import java.util.Collection;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * Which files of a repository are downloaded.
 *
 * <p>{@link #model()} takes what it needs to run a model: configuration, tokenizer, chat template,
 * safetensors weights, adapter and licence from the top folder. Other formats of the same weights
 * ({@code .bin}, {@code .pth}, ONNX, GGUF, {@code original/}) stay where they are unless {@link
 * #matching} asks for them.
 */
public final class FileSelection {
  static final String SINGLE_FILE = "model.safetensors";
  static final String ADAPTER_FILE = "adapter_model.safetensors";
  static final String INDEX_FILE = "model.safetensors.index.json";

  private static final FileSelection MODEL = new FileSelection(List.of());

  private static final Set<String> MODEL_FILES =
      Set.of(
          "config.json",
          "generation_config.json",
          "tokenizer.json",
          "tokenizer_config.json",
          "tokenizer.model",
          "special_tokens_map.json",
          "added_tokens.json",
          "vocab.json",
          "vocab.txt",
          "merges.txt",
          "adapter_config.json",
          "LICENSE",
          "LICENSE.txt",
          "LICENSE.md");
  private static final Pattern CHAT_TEMPLATE =
      Pattern.compile("chat_template[^/]*\\.(json|jinja)|additional_chat_templates/[^/]+\\.jinja");
  private static final Pattern WEIGHTS = Pattern.compile("[^/]+\\.safetensors");
  private static final Pattern WEIGHTS_INDEX =
      Pattern.compile("[^/]+\\.safetensors\\.index\\.json");

  private final List<Pattern> patterns;

  private FileSelection(List<Pattern> patterns) {
    this.patterns = patterns;
  }

  /**
   * The files that a safetensors model needs. Where a repository has both {@code model.safetensors}
   * and shards of the same weights, the single file is taken; where it has an index, only the
   * shards that the index names.
   */
  public static FileSelection model() {
    return MODEL;
  }

  /**
   * The files that match one of the patterns, in which {@code *} is any run of characters
   * (including {@code /}, as in {@code huggingface_hub}), {@code ?} one character.
   *
   * @throws IllegalArgumentException if there is no pattern, or an empty one
   */
  public static FileSelection matching(String... patterns) {
    if (patterns.length == 0 || List.of(patterns).contains("")) {
      throw new IllegalArgumentException(
          "file selection: expected patterns such as '*.gguf', got " + List.of(patterns));
    }
    return new FileSelection(List.of(patterns).stream().map(FileSelection::glob).toList());
  }

  /** Whether this is {@link #model()}, whose completeness can be told from the files alone. */
  boolean isModel() {
    return patterns.isEmpty();
  }

  /** The selected ones of a repository's files, in their order. */
  List<String> select(Collection<String> files) {
    if (!isModel()) {
      return files.stream().filter(this::matchesPattern).distinct().toList();
    }
    boolean single = files.contains(SINGLE_FILE);
    return files.stream().filter(file -> isModelFile(file, single)).distinct().toList();
  }

  /** Whether each pattern has a match among the files. */
  boolean everyPatternMatches(Collection<String> files) {
    return patterns.stream()
        .allMatch(pattern -> files.stream().anyMatch(file -> pattern.matcher(file).matches()));
  }

  static boolean isWeights(String file) {
    return WEIGHTS.matcher(file).matches();
  }

  private boolean matchesPattern(String file) {
    return patterns.stream().anyMatch(pattern -> pattern.matcher(file).matches());
  }

  private static boolean isModelFile(String file, boolean single) {
    if (MODEL_FILES.contains(file) || CHAT_TEMPLATE.matcher(file).matches()) {
      return true;
    }
    if (single) {
      return file.equals(SINGLE_FILE) || file.equals(ADAPTER_FILE);
    }
    return isWeights(file) || WEIGHTS_INDEX.matcher(file).matches();
  }

  private static Pattern glob(String pattern) {
    StringBuilder regex = new StringBuilder();
    for (int i = 0; i < pattern.length(); i++) {
      char c = pattern.charAt(i);
      switch (c) {
        case '*' -> regex.append(".*");
        case '?' -> regex.append('.');
        default -> regex.append(Pattern.quote(String.valueOf(c)));
      }
    }
    return Pattern.compile(regex.toString(), Pattern.DOTALL);
  }
}
