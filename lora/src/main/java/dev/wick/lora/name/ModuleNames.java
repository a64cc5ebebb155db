package dev.wick.lora.name;

/** What the name of a module tells. */
public final class ModuleNames {
  private static final String EMBEDDING = "embed_tokens";
  private static final String HEAD = "lm_head";

  private ModuleNames() {}

  /** Whether a name is another, or ends with a dot and it. */
  public static boolean endsWith(String module, String name) {
    int before = module.length() - name.length() - 1;
    return module.endsWith(name) && (before == -1 || (before >= 0 && module.charAt(before) == '.'));
  }

  /** Whether a module is the table of token embeddings. */
  public static boolean isEmbedding(String module) {
    return endsWith(module, EMBEDDING);
  }

  /** Whether a module is the output layer. */
  public static boolean isHead(String module) {
    return endsWith(module, HEAD);
  }
}
