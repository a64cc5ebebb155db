package dev.wick.formats.gguf;

/** The metadata keys under which GGUF files keep a tokenizer. */
public final class GgufVocabulary {
  /** Kind of the tokenizer; {@code gpt2} for byte-level BPE. */
  public static final String MODEL = "tokenizer.ggml.model";

  /** Name of the pattern that splits text into words, such as {@code qwen2}. */
  public static final String PRE = "tokenizer.ggml.pre";

  /** The tokens by id. */
  public static final String TOKENS = "tokenizer.ggml.tokens";

  /** What each token is: 1 normal, 3 control, 4 user defined, 5 unused. */
  public static final String TOKEN_TYPES = "tokenizer.ggml.token_type";

  /** The merges of BPE, each two tokens with a space between. */
  public static final String MERGES = "tokenizer.ggml.merges";

  /** Id of the token that begins a text. */
  public static final String BOS = "tokenizer.ggml.bos_token_id";

  /** Id of the token that ends a text or a turn. */
  public static final String EOS = "tokenizer.ggml.eos_token_id";

  /** Id of the token that fills up. */
  public static final String PADDING = "tokenizer.ggml.padding_token_id";

  /** Whether encoding puts the first of them in front. */
  public static final String ADD_BOS = "tokenizer.ggml.add_bos_token";

  /** Whether encoding puts the end token behind. */
  public static final String ADD_EOS = "tokenizer.ggml.add_eos_token";

  /** The chat template. */
  public static final String CHAT_TEMPLATE = "tokenizer.chat_template";

  /** Names of further chat templates, which are under {@code tokenizer.chat_template.NAME}. */
  public static final String CHAT_TEMPLATES = "tokenizer.chat_templates";

  /** A whole {@code tokenizer.json}. */
  public static final String HUGGING_FACE = "tokenizer.huggingface.json";

  private GgufVocabulary() {}
}
