package dev.wick.streaming;

import dev.wick.engine.model.Tokenizer;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;

/** Ids 0 to 255 are the bytes of UTF-8, 256 ends a text, the pieces follow. */
final class TestTokenizer implements Tokenizer {
  static final int EOS = 256;
  static final int FIRST_PIECE = 257;

  private final List<String> pieces;

  TestTokenizer(String... pieces) {
    this.pieces = List.of(pieces);
  }

  @Override
  public int vocabSize() {
    return FIRST_PIECE + pieces.size();
  }

  @Override
  public int[] encode(String text) {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    int[] ids = new int[bytes.length];
    for (int i = 0; i < ids.length; i++) {
      ids[i] = bytes[i] & 0xFF;
    }
    return ids;
  }

  @Override
  public String decode(int[] ids, boolean skipSpecialTokens) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    for (int id : ids) {
      bytes.writeBytes(bytesOf(id, skipSpecialTokens));
    }
    return bytes.toString(StandardCharsets.UTF_8);
  }

  @Override
  public boolean isSpecial(int id) {
    return id == EOS;
  }

  @Override
  public StreamDecoder newStreamDecoder(boolean skipSpecialTokens) {
    return new Utf8Decoder(skipSpecialTokens);
  }

  private byte[] bytesOf(int id, boolean skipSpecialTokens) {
    if (id < EOS) {
      return new byte[] {(byte) id};
    }
    String piece = id == EOS ? skipSpecialTokens ? "" : "<eos>" : pieces.get(id - FIRST_PIECE);
    return piece.getBytes(StandardCharsets.UTF_8);
  }

  private final class Utf8Decoder implements StreamDecoder {
    private final boolean skipSpecialTokens;
    private final ByteArrayOutputStream held = new ByteArrayOutputStream();

    Utf8Decoder(boolean skipSpecialTokens) {
      this.skipSpecialTokens = skipSpecialTokens;
    }

    @Override
    public String next(int id) {
      held.writeBytes(bytesOf(id, skipSpecialTokens));
      String text = held.toString(StandardCharsets.UTF_8);
      if (text.endsWith("\uFFFD")) {
        return "";
      }
      held.reset();
      return text;
    }

    @Override
    public String finish() {
      String text = held.toString(StandardCharsets.UTF_8);
      held.reset();
      return text;
    }
  }
}
