package dev.wick.hub;

import java.net.ProxySelector;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What the environment says about the hub, by the rules of {@code huggingface_hub/constants.py},
 * except that an empty variable counts as absent.
 *
 * @param endpoint the hub's address, without a slash at its end
 * @param cacheFolder the folder of the {@code models--...} folders
 * @param token the token that the environment names
 * @param tokenFile where a token is read from if the environment names none
 * @param implicitToken whether a token is sent without being asked for
 * @param offline whether the network is not used
 * @param symlinks whether snapshots may consist of symbolic links
 * @param answerTimeout how long an answer may take to begin
 * @param stallTimeout how long a download may stand still
 * @param proxy the proxies that the environment names
 */
record HubSettings(
    URI endpoint,
    Path cacheFolder,
    Optional<String> token,
    Path tokenFile,
    boolean implicitToken,
    boolean offline,
    boolean symlinks,
    Duration answerTimeout,
    Duration stallTimeout,
    Optional<ProxySelector> proxy) {

  private static final String DEFAULT_ENDPOINT = "https://huggingface.co";
  private static final Set<String> TRUE = Set.of("1", "ON", "YES", "TRUE");
  private static final int DEFAULT_TIMEOUT_SECONDS = 10;
  private static final Pattern VARIABLE = Pattern.compile("\\$(\\w+|\\{([^}]*)})");

  /**
   * Reads the settings from environment variables.
   *
   * @throws IllegalArgumentException if a variable's value cannot be used; the message names it
   */
  static HubSettings of(Map<String, String> environment, String userHome) {
    Variables variables = new Variables(environment, userHome);
    String cache = variables.first("XDG_CACHE_HOME").orElse(userHome + "/.cache");
    String home = variables.first("HF_HOME").orElse(cache + "/huggingface");
    String hub = variables.first("HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE").orElse(home + "/hub");
    String tokenFile = variables.first("HF_TOKEN_PATH").orElse(home + "/token");
    return new HubSettings(
        endpoint(variables.first("HF_ENDPOINT").orElse(DEFAULT_ENDPOINT)),
        variables.path(hub),
        variables.first("HF_TOKEN", "HUGGING_FACE_HUB_TOKEN").flatMap(HubSettings::cleanToken),
        variables.path(tokenFile),
        !variables.isTrue("HF_HUB_DISABLE_IMPLICIT_TOKEN"),
        variables.isTrue("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE"),
        !variables.isTrue("HF_HUB_DISABLE_SYMLINKS"),
        variables.seconds("HF_HUB_ETAG_TIMEOUT"),
        variables.seconds("HF_HUB_DOWNLOAD_TIMEOUT"),
        EnvironmentProxy.of(environment));
  }

  /** A token without the spaces and line ends that copying brings along. */
  static Optional<String> cleanToken(String token) {
    String clean = token.replace("\r", "").replace("\n", "").strip();
    return clean.isEmpty() ? Optional.empty() : Optional.of(clean);
  }

  /** These settings with one limit for answers and for downloads that stand still. */
  HubSettings withTimeout(Duration timeout) {
    return new HubSettings(
        endpoint,
        cacheFolder,
        token,
        tokenFile,
        implicitToken,
        offline,
        symlinks,
        timeout,
        timeout,
        proxy);
  }

  static URI endpoint(String text) {
    String trimmed = text.strip().replaceAll("/+$", "");
    try {
      URI uri = URI.create(trimmed);
      String scheme = String.valueOf(uri.getScheme()).toLowerCase(Locale.ROOT);
      if (uri.getHost() != null && (scheme.equals("https") || scheme.equals("http"))) {
        return uri;
      }
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(endpointMessage(text), e);
    }
    throw new IllegalArgumentException(endpointMessage(text));
  }

  private static String endpointMessage(String text) {
    return "HF_ENDPOINT: expected an address such as " + DEFAULT_ENDPOINT + ", got '" + text + "'";
  }

  /** The token never shows. */
  @Override
  public String toString() {
    return "HubSettings[endpoint=%s, cacheFolder=%s, offline=%s]"
        .formatted(endpoint, cacheFolder, offline);
  }

  private record Variables(Map<String, String> environment, String userHome) {

    Optional<String> first(String... names) {
      for (String name : names) {
        String value = environment.getOrDefault(name, "");
        if (!value.isBlank()) {
          return Optional.of(value);
        }
      }
      return Optional.empty();
    }

    boolean isTrue(String... names) {
      return first(names).map(value -> TRUE.contains(value.toUpperCase(Locale.ROOT))).orElse(false);
    }

    Duration seconds(String name) {
      String value = first(name).orElse(String.valueOf(DEFAULT_TIMEOUT_SECONDS));
      try {
        int seconds = Integer.parseInt(value.strip());
        // 0 means the default there too: os.environ.get(...) or DEFAULT.
        return Duration.ofSeconds(seconds > 0 ? seconds : DEFAULT_TIMEOUT_SECONDS);
      } catch (NumberFormatException e) {
        throw new IllegalArgumentException(
            name + ": expected a number of seconds, got '" + value + "'", e);
      }
    }

    /** Expands {@code ~}, {@code $NAME} and {@code ${NAME}}; an unknown name stays as it is. */
    Path path(String text) {
      String home = text.equals("~") || text.startsWith("~/") ? userHome + text.substring(1) : text;
      String expanded =
          VARIABLE
              .matcher(home)
              .replaceAll(
                  match -> {
                    String name = match.group(2) == null ? match.group(1) : match.group(2);
                    return Matcher.quoteReplacement(environment.getOrDefault(name, match.group()));
                  });
      return Path.of(expanded).toAbsolutePath().normalize();
    }
  }
}
