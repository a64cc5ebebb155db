package dev.wick.tokenizers;

import java.io.IOException;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The added tokens of a tokenizer, in the order in which they are given ids. */
final class AddedVocabulary {
  private final List<AddedToken> tokens;
  private final List<AddedToken> withoutSpecial;

  private AddedVocabulary(List<AddedToken> tokens, List<AddedToken> withoutSpecial) {
    this.tokens = List.copyOf(tokens);
    this.withoutSpecial = List.copyOf(withoutSpecial);
  }

  /**
   * Joins the added tokens of both files as transformers does: {@code tokenizer_config.json} can
   * add tokens and make one special, but not change how it is matched.
   */
  static List<AddedToken> merge(List<AddedToken> fromTokenizer, TokenizerConfig config) {
    Map<String, AddedToken> merged = new LinkedHashMap<>();
    for (AddedToken token : fromTokenizer) {
      merged.putIfAbsent(token.content(), token);
    }
    for (AddedToken token : config.addedTokens()) {
      merged.merge(
          token.content(), token, (known, again) -> again.special() ? known.asSpecial() : known);
    }
    List<String> named = new ArrayList<>(config.specialTokens().values());
    named.addAll(config.additionalSpecialTokens());
    for (String content : named) {
      merged.computeIfAbsent(content, AddedToken::ofSpecial);
    }
    merged.remove(""); // The native library ignores it too.
    return List.copyOf(merged.values());
  }

  /**
   * Gives ids by the native library's rule (a token of the model keeps its id, others follow the
   * largest) and enters them in the table.
   *
   * @throws IOException if an id is too large; the message begins with the name
   */
  static AddedVocabulary assign(String name, List<AddedToken> tokens, TokenTable table)
      throws IOException {
    int modelSize = table.size();
    int largest = -1;
    List<AddedToken> withoutSpecial = new ArrayList<>();
    for (AddedToken token : tokens) {
      int id = table.find(token.content());
      boolean inModel = id >= 0;
      if (!inModel) {
        id = Math.max(modelSize, largest + 1);
        if (id > TokenTable.MAX_ID) {
          throw new IOException(name + ": not a usable tokenizer: too many tokens");
        }
        table.put(token.content(), id);
      }
      largest = Math.max(largest, id);
      if (token.special()) {
        table.markSpecial(id);
      }
      if (!token.special()) {
        withoutSpecial.add(token);
      } else if (!inModel) {
        withoutSpecial.add(AddedToken.ofPlaceholder(""));
      }
    }
    return new AddedVocabulary(tokens, withoutSpecial);
  }

  List<AddedToken> tokens() {
    return tokens;
  }

  boolean hasSpecial() {
    return tokens.stream().anyMatch(AddedToken::special);
  }

  /**
   * The tokens that are not special, under the ids they have. The native library numbers added
   * tokens by order, so each special one is replaced by a placeholder that no text can contain: it
   * begins with 128 random bits.
   */
  List<AddedToken> withoutSpecial() {
    byte[] random = new byte[16];
    new SecureRandom().nextBytes(random);
    String prefix = HexFormat.of().formatHex(random) + "-";
    List<AddedToken> filled = new ArrayList<>();
    for (AddedToken token : withoutSpecial) {
      filled.add(
          token.content().isEmpty() ? AddedToken.ofPlaceholder(prefix + filled.size()) : token);
    }
    return filled;
  }
}
