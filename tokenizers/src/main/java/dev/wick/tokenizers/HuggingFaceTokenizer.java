package dev.wick.tokenizers;

import dev.wick.engine.model.Tokenizer;
import dev.wick.formats.gguf.GgufFile;
import dev.wick.formats.gguf.GgufHeader;
import dev.wick.formats.gguf.GgufMetadata;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;

/**
 * A tokenizer as Hugging Face publishes it: {@code tokenizer.json} with the special tokens of
 * {@code tokenizer_config.json}. The tokenizer in a GGUF file becomes one.
 *
 * <p>Encoding is done by the tokenizers library itself (Rust, through the JNI binding of DJL), so
 * that every pipeline gives the ids it gives in Python. Decoding of byte-level vocabularies, which
 * all Qwen models have, is done here from the bytes of the tokens.
 *
 * <p>Thread-safe. Owns native memory: {@link #close} frees it at once; a tokenizer that nobody
 * closes is freed when it becomes unreachable. After {@code close}, encoding is an {@link
 * IllegalStateException}; byte-level decoding still works.
 */
public final class HuggingFaceTokenizer implements Tokenizer, AutoCloseable {
  private static final String FILE = "tokenizer.json";

  private final TokenTable tokens;
  private final boolean byteLevel;
  private final TokenizerConfig config;
  private final NativeTokenizer tokenizer;
  private final PlainTokenizer plain;

  private HuggingFaceTokenizer(
      TokenizerJson source,
      TokenizerConfig config,
      NativeTokenizer tokenizer,
      PlainTokenizer plain) {
    this.tokens = source.tokens();
    this.byteLevel = source.isByteLevel();
    this.config = config;
    this.tokenizer = tokenizer;
    this.plain = plain;
  }

  /**
   * Loads the tokenizer of a model.
   *
   * @param path a folder with {@code tokenizer.json} and, usually, {@code tokenizer_config.json};
   *     such a {@code tokenizer.json} itself; or a GGUF file
   * @throws IOException if a file is missing, unreadable or damaged; the message names it
   * @throws TokenizerException if the native library does not run on this platform
   */
  public static HuggingFaceTokenizer load(Path path) throws IOException {
    if (GgufFile.hasName(path) && !Files.isDirectory(path)) {
      GgufMetadata metadata = GgufHeader.readModel(path).metadata();
      return of(path.toString(), GgufTokenizer.json(metadata), GgufTokenizer.config(metadata));
    }
    Path folder = Files.isDirectory(path) ? path : path.toAbsolutePath().getParent();
    Path file = Files.isDirectory(path) ? path.resolve(FILE) : path;
    if (folder == null || !Files.isRegularFile(file)) {
      throw new IOException(
          "tokenizer: expected a folder with %s, got %s (save_pretrained of transformers writes one)"
              .formatted(FILE, path));
    }
    return of(file.toString(), Files.readAllBytes(file), TokenizerConfig.load(folder));
  }

  /**
   * Builds a tokenizer from the content of its files.
   *
   * @param name where it comes from, for messages
   * @param tokenizerJson the content of a {@code tokenizer.json}
   * @throws IOException if it is damaged; the message begins with the name
   * @throws TokenizerException if the native library does not run on this platform
   */
  public static HuggingFaceTokenizer of(String name, byte[] tokenizerJson, TokenizerConfig config)
      throws IOException {
    NativeBuild build = new NativeBuild(name, config);
    boolean complete = false;
    try {
      TokenizerJson source = TokenizerJson.parse(name, tokenizerJson.clone(), build::start);
      List<AddedToken> merged = AddedVocabulary.merge(source.addedTokens(), config);
      AddedVocabulary added = AddedVocabulary.assign(name, merged, source.tokens());
      source.tokens().freeze(source.isByteLevel());
      NativeTokenizer tokenizer = build.finish();
      complete = true;
      return new HuggingFaceTokenizer(
          source, config, tokenizer, new PlainTokenizer(name, source, added, tokenizer));
    } finally {
      if (!complete) {
        build.abandon();
      }
    }
  }

  @Override
  public int vocabSize() {
    return tokens.size();
  }

  @Override
  public int[] encode(String text) {
    return tokenizer.encode(text, true);
  }

  /**
   * Token ids of a text, with departures from the usual way.
   *
   * @throws TokenizerException if the pipeline refuses the text
   * @throws IllegalStateException if this tokenizer is closed
   */
  public int[] encode(String text, EncodeOption... options) {
    Set<EncodeOption> set = setOf(options);
    return choose(set).encode(text, !set.contains(EncodeOption.ADD_NOTHING));
  }

  /**
   * Token ids of a text and the code points each stands for.
   *
   * @throws TokenizerException if the pipeline refuses the text
   * @throws IllegalStateException if this tokenizer is closed
   */
  public Encoding encodeWithOffsets(String text, EncodeOption... options) {
    Set<EncodeOption> set = setOf(options);
    return choose(set).encodeWithOffsets(text, !set.contains(EncodeOption.ADD_NOTHING));
  }

  private static Set<EncodeOption> setOf(EncodeOption... options) {
    Set<EncodeOption> set = EnumSet.noneOf(EncodeOption.class);
    set.addAll(List.of(options));
    return set;
  }

  private NativeTokenizer choose(Set<EncodeOption> options) {
    return options.contains(EncodeOption.SPECIAL_TOKENS_AS_TEXT) ? plain.get() : tokenizer;
  }

  /**
   * The text of a sequence of ids; an id outside the vocabulary is skipped, bytes that are no UTF-8
   * become U+FFFD.
   */
  @Override
  public String decode(int[] ids, boolean skipSpecialTokens) {
    if (byteLevel) {
      Utf8Assembler utf8 = new Utf8Assembler();
      StringBuilder out = new StringBuilder(4 * ids.length);
      for (int id : ids) {
        tokens.appendBytes(id, skipSpecialTokens, utf8, out);
      }
      utf8.finish(out);
      return out.toString();
    }
    long[] known = new long[ids.length];
    int count = 0;
    for (int id : ids) {
      if (tokens.contains(id)) {
        known[count++] = id;
      }
    }
    return tokenizer.decode(Arrays.copyOf(known, count), skipSpecialTokens);
  }

  @Override
  public boolean isSpecial(int id) {
    return tokens.isSpecial(id);
  }

  @Override
  public StreamDecoder newStreamDecoder(boolean skipSpecialTokens) {
    return byteLevel
        ? new ByteLevelStreamDecoder(tokens, skipSpecialTokens)
        : new WindowStreamDecoder(this, skipSpecialTokens);
  }

  /** The token of an id as the vocabulary spells it ({@code Ġthe}), or empty if there is none. */
  public Optional<String> token(int id) {
    return tokens.contains(id) ? Optional.of(tokens.text(id)) : Optional.empty();
  }

  /** The id of a token as the vocabulary spells it ({@code <|im_end|>}), or empty. */
  public OptionalInt id(String token) {
    int id = tokens.find(token);
    return id < 0 ? OptionalInt.empty() : OptionalInt.of(id);
  }

  /** The configuration that was read with it. */
  public TokenizerConfig config() {
    return config;
  }

  @Override
  public void close() {
    plain.close();
    tokenizer.close();
  }
}
