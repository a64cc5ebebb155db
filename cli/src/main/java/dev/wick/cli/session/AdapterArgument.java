package dev.wick.cli.session;

import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What a user writes for an adapter: {@code name=DIR:weight}, of which name and weight may be left
 * out.
 *
 * @param name by default that of the folder
 * @param folder as PEFT saves it
 * @param weight by default 1
 */
public record AdapterArgument(String name, Path folder, float weight) {
  private static final Pattern FORM =
      Pattern.compile(
          "(?:([A-Za-z0-9][A-Za-z0-9._-]{0,99})=)?(.+?)(?::([-+]?\\d*\\.?\\d+(?:[eE][-+]?\\d+)?))?");

  /**
   * Reads an argument.
   *
   * @throws UsageException if it has another form
   */
  public static AdapterArgument parse(String text) {
    Matcher matcher = FORM.matcher(text);
    if (!matcher.matches()) {
      throw new UsageException(
          "--adapter: expected NAME=DIR or NAME=DIR:WEIGHT, got '%s'".formatted(text));
    }
    Path folder = Path.of(matcher.group(2));
    String name = matcher.group(1);
    String weight = matcher.group(3);
    return new AdapterArgument(
        name == null ? nameOf(folder) : name,
        folder,
        weight == null ? 1 : Float.parseFloat(weight));
  }

  private static String nameOf(Path folder) {
    Path last = folder.toAbsolutePath().normalize().getFileName();
    return last == null ? "adapter" : last.toString().replaceAll("[^A-Za-z0-9._-]", "-");
  }
}
