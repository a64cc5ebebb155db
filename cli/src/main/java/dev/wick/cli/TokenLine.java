package dev.wick.cli;

import dev.wick.cli.terminal.Json;
import dev.wick.streaming.StreamToken;
import dev.wick.streaming.TokenAlternative;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** A token as a line of JSON. */
final class TokenLine {
  private TokenLine() {}

  static void print(PrintWriter out, StreamToken token) {
    Map<String, Object> line = new LinkedHashMap<>();
    line.put("index", token.index());
    line.put("id", token.id());
    line.put("text", token.text());
    line.put("logit", token.logit());
    line.put("logprob", token.logProbability());
    line.put("probability", token.probability());
    if (!token.alternatives().isEmpty()) {
      List<Object> alternatives = new ArrayList<>();
      for (TokenAlternative alternative : token.alternatives()) {
        Map<String, Object> fields = new LinkedHashMap<>();
        fields.put("id", alternative.id());
        fields.put("text", alternative.text());
        fields.put("logit", alternative.logit());
        fields.put("logprob", alternative.logProbability());
        alternatives.add(fields);
      }
      line.put("top", alternatives);
    }
    line.put("end_of_sequence", token.endOfSequence());
    token
        .finishReason()
        .ifPresent(reason -> line.put("finish_reason", reason.name().toLowerCase(Locale.ROOT)));
    line.put("elapsed_ms", token.elapsedNanos() / 1e6);
    try {
      Json.line(out, line);
    } catch (IOException e) {
      throw new UncheckedIOException("standard output: " + e.getMessage(), e);
    }
  }
}
