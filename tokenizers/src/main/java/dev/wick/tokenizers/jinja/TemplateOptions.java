package dev.wick.tokenizers.jinja;

import java.time.Clock;
import java.time.ZoneId;

/**
 * Settings of a template.
 *
 * @param clock time that {@code strftime_now} reports
 * @param limits bounds on each rendering
 */
public record TemplateOptions(Clock clock, TemplateLimits limits) {
  /** The system clock and the default limits. */
  public static TemplateOptions defaults() {
    return new TemplateOptions(Clock.system(ZoneId.systemDefault()), TemplateLimits.DEFAULT);
  }
}
