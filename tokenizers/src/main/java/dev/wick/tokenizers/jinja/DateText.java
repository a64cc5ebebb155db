package dev.wick.tokenizers.jinja;

import java.time.Clock;
import java.time.LocalDateTime;
import java.time.format.TextStyle;
import java.time.temporal.ChronoField;
import java.time.temporal.IsoFields;
import java.util.Locale;

/**
 * Formats the present time as C's {@code strftime} in the C locale, with the extensions of glibc.
 */
final class DateText {
  private final LocalDateTime now;
  private final Clock clock;

  private DateText(Clock clock) {
    this.now = LocalDateTime.now(clock);
    this.clock = clock;
  }

  static String format(Clock clock, String format) {
    return new DateText(clock).expand(format);
  }

  private String expand(String format) {
    StringBuilder out = new StringBuilder();
    for (int i = 0; i < format.length(); i++) {
      char c = format.charAt(i);
      if (c != '%' || i + 1 == format.length()) {
        out.append(c);
        continue;
      }
      char flag = format.charAt(++i);
      if ("-_0^#".indexOf(flag) >= 0 && i + 1 < format.length()) {
        out.append(flagged(flag, format.charAt(++i)));
      } else {
        out.append(field(flag));
      }
    }
    return out.toString();
  }

  private String flagged(char flag, char letter) {
    String text = field(letter);
    return switch (flag) {
      case '-' -> text.replaceFirst("^[0 ]+(?=.)", "");
      case '_' -> {
        String digits = text.replaceFirst("^0+(?=.)", "");
        yield " ".repeat(text.length() - digits.length()) + digits;
      }
      case '0' -> text.replace(' ', '0');
      default -> text.toUpperCase(Locale.ROOT);
    };
  }

  private String field(char letter) {
    int hour = now.getHour();
    int weekday = now.getDayOfWeek().getValue();
    return switch (letter) {
      case 'Y' -> Integer.toString(now.getYear());
      case 'C' -> two(now.getYear() / 100);
      case 'y' -> two(Math.floorMod(now.getYear(), 100));
      case 'm' -> two(now.getMonthValue());
      case 'd' -> two(now.getDayOfMonth());
      case 'e' -> "%2d".formatted(now.getDayOfMonth());
      case 'H' -> two(hour);
      case 'k' -> "%2d".formatted(hour);
      case 'I' -> two(now.get(ChronoField.CLOCK_HOUR_OF_AMPM));
      case 'l' -> "%2d".formatted(now.get(ChronoField.CLOCK_HOUR_OF_AMPM));
      case 'M' -> two(now.getMinute());
      case 'S' -> two(now.getSecond());
      case 'f' -> "%06d".formatted(now.getNano() / 1000);
      case 'p' -> hour < 12 ? "AM" : "PM";
      case 'P' -> hour < 12 ? "am" : "pm";
      case 'j' -> "%03d".formatted(now.getDayOfYear());
      case 'a' -> now.getDayOfWeek().getDisplayName(TextStyle.SHORT, Locale.ENGLISH);
      case 'A' -> now.getDayOfWeek().getDisplayName(TextStyle.FULL, Locale.ENGLISH);
      case 'b', 'h' -> now.getMonth().getDisplayName(TextStyle.SHORT, Locale.ENGLISH);
      case 'B' -> now.getMonth().getDisplayName(TextStyle.FULL, Locale.ENGLISH);
      case 'w' -> Integer.toString(weekday % 7);
      case 'u' -> Integer.toString(weekday);
      case 'U' -> two((now.getDayOfYear() + 6 - weekday % 7) / 7);
      case 'W' -> two((now.getDayOfYear() + 6 - (weekday + 6) % 7) / 7);
      case 'V' -> two(now.get(IsoFields.WEEK_OF_WEEK_BASED_YEAR));
      case 'G' -> Integer.toString(now.get(IsoFields.WEEK_BASED_YEAR));
      case 'g' -> two(Math.floorMod(now.get(IsoFields.WEEK_BASED_YEAR), 100));
      case 'D', 'x' -> expand("%m/%d/%y");
      case 'F' -> expand("%Y-%m-%d");
      case 'T', 'X' -> expand("%H:%M:%S");
      case 'R' -> expand("%H:%M");
      case 'r' -> expand("%I:%M:%S %p");
      case 'c' -> expand("%a %b %e %H:%M:%S %Y");
      case 's' -> Long.toString(clock.instant().getEpochSecond());
      case 'n' -> "\n";
      case 't' -> "\t";
      case '%' -> "%";
      // The time that Hugging Face formats is naive, so that its zone is empty.
      case 'z', 'Z' -> "";
      default -> "%" + letter;
    };
  }

  private static String two(int number) {
    return "%02d".formatted(number);
  }
}
