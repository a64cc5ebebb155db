package dev.wick.cli.bench;

import dev.wick.cli.terminal.Quantities;
import dev.wick.engine.model.ModelInfo;
import dev.wick.engine.spi.DeviceInfo;
import dev.wick.engine.tensor.DType;
import java.io.PrintWriter;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.ToLongFunction;

/**
 * What a benchmark measured.
 *
 * @param kvDType type of the key-value cache
 * @param kvBytes its size
 * @param firstTokenFromLoadNanos from the beginning of loading to the first token
 * @param firstTokenFromStartMillis from the start of the JVM to the first token
 * @param runs after the warm-up; of each number the median counts
 * @param limits what they are held against; empty where that is not known
 * @param peakResidentBytes of the process
 * @param fallbacks fused operations that ran in parts, by name
 */
public record BenchResult(
    ModelInfo model,
    String dtype,
    DType kvDType,
    long kvBytes,
    DeviceInfo device,
    int promptTokens,
    int decodeTokens,
    long firstTokenFromLoadNanos,
    long firstTokenFromStartMillis,
    List<Measurement.Run> runs,
    Optional<AgainstLimits> limits,
    OptionalLong peakResidentBytes,
    Map<String, Long> fallbacks) {

  private double median(ToLongFunction<Measurement.Run> value) {
    return Median.of(runs.stream().mapToDouble(value::applyAsLong));
  }

  private double prefillTokensPerSecond() {
    return promptTokens * 1e9 / median(Measurement.Run::prefillNanos);
  }

  private double decodeTokensPerSecond() {
    return decodeTokens * 1e9 / median(Measurement.Run::decodeNanos);
  }

  /** Of the leanest run: code that is not compiled yet allocates what it will not later. */
  private double allocatedBytesPerToken() {
    long least =
        runs.stream().mapToLong(Measurement.Run::allocatedBytes).min().orElse(Long.MAX_VALUE);
    return (double) least / decodeTokens;
  }

  /** Prints it for people. */
  public void print(PrintWriter out) {
    out.printf(
        "%s (%s, %s parameters, %s of %s) on %s%n",
        model.location(),
        model.modelType(),
        Quantities.count(model.parameters()),
        Quantities.bytes(model.weightBytes()),
        dtype,
        device.id());
    out.printf("  %s%n", device.description());
    line(
        out,
        "prefill pp" + promptTokens,
        Quantities.rate(prefillTokensPerSecond()),
        limits
            .map(l -> share(l.prefillShare(promptTokens), l.prefillLimit(), "f32 arithmetic"))
            .orElse("tokens/s"));
    line(
        out,
        "decode tg" + decodeTokens,
        Quantities.rate(decodeTokensPerSecond()),
        limits
            .map(l -> share(l.decodeShare(decodeTokens), l.decodeLimit(), "reading the weights"))
            .orElse("tokens/s"));
    line(
        out,
        "first token",
        String.format(Locale.ROOT, "%.2f", firstTokenFromLoadNanos / 1e9),
        String.format(
            Locale.ROOT,
            "s from the beginning of loading, %.2f s from the start of the JVM",
            firstTokenFromStartMillis / 1e3));
    if (peakResidentBytes.isPresent()) {
      line(
          out,
          "peak memory",
          Quantities.bytes(peakResidentBytes.getAsLong()),
          "resident, mapped weights included");
    }
    line(
        out,
        "key-value cache",
        Quantities.bytes(kvBytes),
        "in %s for %d tokens".formatted(name(kvDType), promptTokens + decodeTokens));
    line(
        out,
        "heap allocated",
        String.format(Locale.ROOT, "%.0f", allocatedBytesPerToken()),
        "bytes per decoded token");
    line(out, "fallbacks", fallbacks.isEmpty() ? "none" : fallbacks.toString(), "");
    out.printf("  medians of %d runs after the warm-up%n", runs.size());
  }

  private static String name(DType dtype) {
    return dtype.name().toLowerCase(Locale.ROOT);
  }

  private static String share(double share, double limit, String of) {
    return String.format(
        Locale.ROOT, "tokens/s, %.0f %% of %s/s by %s", 100 * share, Quantities.rate(limit), of);
  }

  private static void line(PrintWriter out, String what, String value, String unit) {
    out.println("  %-16s %10s %s".formatted(what, value, unit).stripTrailing());
  }

  /** As nested maps, with what is needed to compare it with others. */
  public Map<String, Object> fields() {
    Map<String, Object> fields = new LinkedHashMap<>();
    fields.put("model", model.location());
    fields.put("model_type", model.modelType());
    fields.put("dtype", dtype);
    fields.put("parameters", model.parameters());
    fields.put("weight_bytes", model.weightBytes());
    fields.put("kv_cache", name(kvDType));
    fields.put("kv_cache_bytes", kvBytes);
    fields.put("device", device.id());
    fields.put("device_description", device.description());
    fields.put("prompt_tokens", promptTokens);
    fields.put("decode_tokens", decodeTokens);
    fields.put("prefill_tokens_per_second", prefillTokensPerSecond());
    fields.put("decode_tokens_per_second", decodeTokensPerSecond());
    limits.ifPresent(
        l -> {
          fields.put("prefill_limit_tokens_per_second", l.prefillLimit());
          fields.put("prefill_share_of_limit", l.prefillShare(promptTokens));
          fields.put("decode_limit_tokens_per_second", l.decodeLimit());
          fields.put("decode_share_of_limit", l.decodeShare(decodeTokens));
        });
    fields.put("first_token_prompt_tokens", Measurement.FIRST_PROMPT_TOKENS);
    fields.put("first_token_seconds_from_load", firstTokenFromLoadNanos / 1e9);
    fields.put("first_token_seconds_from_jvm_start", firstTokenFromStartMillis / 1e3);
    peakResidentBytes.ifPresent(bytes -> fields.put("peak_resident_bytes", bytes));
    fields.put("heap_bytes_per_decoded_token", allocatedBytesPerToken());
    fields.put("fallbacks", fallbacks);
    fields.put("repeats", runs.size());
    fields.put("prefill_seconds", seconds(Measurement.Run::prefillNanos));
    fields.put("decode_seconds", seconds(Measurement.Run::decodeNanos));
    fields.put("java", System.getProperty("java.vm.version", ""));
    fields.put("os", System.getProperty("os.name") + " " + System.getProperty("os.arch"));
    fields.put("processors", Runtime.getRuntime().availableProcessors());
    return fields;
  }

  private List<Double> seconds(ToLongFunction<Measurement.Run> value) {
    return runs.stream().map(run -> value.applyAsLong(run) / 1e9).toList();
  }
}
