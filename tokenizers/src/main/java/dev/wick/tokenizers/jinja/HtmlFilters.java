package dev.wick.tokenizers.jinja;

import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** The filters for HTML and URLs. */
final class HtmlFilters {
  static final Map<String, Filters.Filter> ALL =
      Map.of(
          "e", HtmlFilters::escape,
          "escape", HtmlFilters::escape,
          "forceescape", HtmlFilters::forceEscape,
          "safe", HtmlFilters::safe,
          "striptags", HtmlFilters::stripTags,
          "urlencode", HtmlFilters::urlEncode,
          "xmlattr", HtmlFilters::xmlAttributes);

  private static final Pattern ENTITY =
      Pattern.compile("&(#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[a-zA-Z]{1,8});");
  private static final Map<String, String> NAMED =
      Map.ofEntries(
          Map.entry("amp", "&"),
          Map.entry("lt", "<"),
          Map.entry("gt", ">"),
          Map.entry("quot", "\""),
          Map.entry("apos", "'"),
          Map.entry("nbsp", "\u00a0"),
          Map.entry("copy", "©"),
          Map.entry("reg", "®"),
          Map.entry("trade", "™"),
          Map.entry("hellip", "…"),
          Map.entry("mdash", "—"),
          Map.entry("ndash", "–"),
          Map.entry("lsquo", "‘"),
          Map.entry("rsquo", "’"),
          Map.entry("ldquo", "“"),
          Map.entry("rdquo", "”"),
          Map.entry("laquo", "«"),
          Map.entry("raquo", "»"),
          Map.entry("bull", "•"),
          Map.entry("middot", "·"),
          Map.entry("times", "×"),
          Map.entry("euro", "€"),
          Map.entry("pound", "£"),
          Map.entry("deg", "°"),
          Map.entry("eacute", "é"),
          Map.entry("egrave", "è"),
          Map.entry("agrave", "à"),
          Map.entry("ccedil", "ç"),
          Map.entry("auml", "ä"),
          Map.entry("ouml", "ö"),
          Map.entry("uuml", "ü"),
          Map.entry("szlig", "ß"));

  private HtmlFilters() {}

  private static Object escape(Object value, Arguments arguments, Rendering rendering) {
    arguments.positionalOnly("escape", 0, 0);
    return reserved(Markup.escape(value), rendering);
  }

  private static Object forceEscape(Object value, Arguments arguments, Rendering rendering) {
    arguments.bind("forceescape", 0);
    return reserved(new Markup(Markup.escapeText(PythonText.str(value))), rendering);
  }

  private static Markup reserved(Markup markup, Rendering rendering) {
    rendering.budget().reserve(markup.text().length());
    return markup;
  }

  private static Object safe(Object value, Arguments arguments, Rendering rendering) {
    arguments.bind("safe", 0);
    return new Markup(PythonText.str(value));
  }

  private static Object stripTags(Object value, Arguments arguments, Rendering rendering) {
    arguments.bind("striptags", 0);
    String text = remove(remove(PythonText.str(value), "<!--", "-->"), "<", ">");
    return unescape(String.join(" ", Texts.words(text)));
  }

  private static String remove(String text, String open, String close) {
    StringBuilder out = new StringBuilder();
    int position = 0;
    while (true) {
      int start = text.indexOf(open, position);
      int end = start < 0 ? -1 : text.indexOf(close, start);
      if (end < 0) {
        return out.append(text.substring(position)).toString();
      }
      out.append(text, position, start);
      position = end + close.length();
    }
  }

  private static String unescape(String text) {
    Matcher matcher = ENTITY.matcher(text);
    return matcher.replaceAll(
        match -> {
          String name = match.group(1);
          String replacement = NAMED.get(name);
          if (name.startsWith("#")) {
            boolean hex = name.charAt(1) == 'x' || name.charAt(1) == 'X';
            int c = Integer.parseInt(name.substring(hex ? 2 : 1), hex ? 16 : 10);
            replacement = Character.isValidCodePoint(c) && c > 0 ? Character.toString(c) : "\ufffd";
          }
          return Matcher.quoteReplacement(replacement == null ? match.group() : replacement);
        });
  }

  private static Object urlEncode(Object value, Arguments arguments, Rendering rendering) {
    arguments.bind("urlencode", 0);
    if (Texts.isString(value) || !Types.isIterable(value)) {
      String text = PythonText.str(value);
      rendering.budget().reserve(9L * text.length());
      return quote(text).replace("%2F", "/").replace("+", "%20");
    }
    List<Object> items =
        value instanceof Dict dict ? dict.items() : Types.list(value, rendering.budget());
    return items.stream()
        .map(
            item -> {
              List<Object> pair = Types.list(item, rendering.budget());
              if (pair.size() != 2) {
                throw PythonError.value("urlencode: expected pairs");
              }
              return quote(PythonText.str(pair.get(0))) + "=" + quote(PythonText.str(pair.get(1)));
            })
        .collect(Collectors.joining("&"));
  }

  /**
   * {@link URLEncoder} keeps an asterisk, which Python encodes, and encodes a tilde, which Python
   * keeps.
   */
  private static String quote(String text) {
    return URLEncoder.encode(text, StandardCharsets.UTF_8).replace("*", "%2A").replace("%7E", "~");
  }

  private static Object xmlAttributes(Object value, Arguments arguments, Rendering rendering) {
    boolean space =
        !arguments.bind("xmlattr", 0, "autospace").has(0)
            || arguments.bind("xmlattr", 0, "autospace").truth(0);
    Undefined.check(value);
    if (!(value instanceof Dict dict)) {
      throw PythonError.type("xmlattr: expected a mapping, got " + Types.name(value));
    }
    StringBuilder out = new StringBuilder();
    for (Dict.Entry entry : dict.entries()) {
      if (entry.value() == None.NONE || entry.value() instanceof Undefined) {
        continue;
      }
      String key = Texts.chars(entry.key());
      if (key.chars()
          .anyMatch(
              c -> c == ' ' || (c >= 0x09 && c <= 0x0d) || c == '/' || c == '>' || c == '=')) {
        throw PythonError.value("Invalid character in attribute name: " + PythonText.repr(key));
      }
      String attribute =
          Markup.escape(entry.key()).text() + "=\"" + Markup.escape(entry.value()).text() + "\"";
      rendering.budget().grow((long) out.length() + attribute.length(), attribute.length());
      out.append(out.isEmpty() ? "" : " ").append(attribute);
    }
    return space && !out.isEmpty() ? " " + out : out.toString();
  }
}
