package dev.wick.tokenizers;

import dev.wick.engine.model.Tokenizer.StreamDecoder;

/** Detokenises a byte-level vocabulary from the bytes of its tokens; constant work per byte. */
final class ByteLevelStreamDecoder implements StreamDecoder {
  private final TokenTable tokens;
  private final boolean skipSpecialTokens;
  private final Utf8Assembler utf8 = new Utf8Assembler();
  private final StringBuilder out = new StringBuilder();

  ByteLevelStreamDecoder(TokenTable tokens, boolean skipSpecialTokens) {
    this.tokens = tokens;
    this.skipSpecialTokens = skipSpecialTokens;
  }

  @Override
  public String next(int id) {
    tokens.appendBytes(id, skipSpecialTokens, utf8, out);
    return take();
  }

  @Override
  public String finish() {
    utf8.finish(out);
    return take();
  }

  private String take() {
    if (out.isEmpty()) {
      return "";
    }
    String text = out.toString();
    out.setLength(0);
    return text;
  }
}
