package dev.wick.hub;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Proxy;
import java.net.ProxySelector;
import java.net.SocketAddress;
import java.net.URI;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * The proxies that {@code HTTPS_PROXY}, {@code HTTP_PROXY}, {@code ALL_PROXY} and {@code NO_PROXY}
 * name, in either case, as Python reads them. Java itself knows only its system properties, which
 * come first where they are set.
 */
final class EnvironmentProxy extends ProxySelector {
  private static final List<String> JAVA_PROPERTIES =
      List.of("https.proxyHost", "http.proxyHost", "socksProxyHost", "java.net.useSystemProxies");

  private final Map<String, String> environment;

  private EnvironmentProxy(Map<String, String> environment) {
    this.environment = environment;
  }

  /** A selector, if the environment names a proxy and Java's properties do not. */
  static Optional<ProxySelector> of(Map<String, String> environment) {
    EnvironmentProxy proxy = new EnvironmentProxy(Map.copyOf(environment));
    boolean named =
        proxy.variable("https_proxy", "http_proxy", "all_proxy").isPresent()
            && JAVA_PROPERTIES.stream().allMatch(name -> System.getProperty(name) == null);
    return named ? Optional.of(proxy) : Optional.empty();
  }

  @Override
  public List<Proxy> select(URI uri) {
    if (isExcluded(uri)) {
      return List.of(Proxy.NO_PROXY);
    }
    return List.of(
        variable(uri.getScheme().toLowerCase(Locale.ROOT) + "_proxy", "all_proxy")
            .map(EnvironmentProxy::proxy)
            .orElse(Proxy.NO_PROXY));
  }

  @Override
  public void connectFailed(URI uri, SocketAddress address, IOException cause) {
    // The request fails with the same cause.
  }

  /** Whether NO_PROXY has {@code *}, the host, its domain, or either with the port. */
  private boolean isExcluded(URI uri) {
    String host = uri.getHost().toLowerCase(Locale.ROOT);
    for (String entry : variable("no_proxy").orElse("").toLowerCase(Locale.ROOT).split(",")) {
      String name = entry.strip().replaceFirst("^\\*?\\.", "");
      if (name.isEmpty()) {
        continue;
      }
      String target = name.matches(".*:\\d+") ? host + ":" + uri.getPort() : host;
      if (name.equals("*") || target.equals(name) || target.endsWith("." + name)) {
        return true;
      }
    }
    return false;
  }

  private static Proxy proxy(String text) {
    try {
      URI uri = URI.create(text.contains("://") ? text : "http://" + text);
      if (uri.getHost() != null && uri.getScheme().toLowerCase(Locale.ROOT).startsWith("http")) {
        int port = uri.getPort() >= 0 ? uri.getPort() : 80;
        // A name: the address is looked up when the connection is made.
        return new Proxy(Proxy.Type.HTTP, new InetSocketAddress(uri.getHost(), port));
      }
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(message(), e);
    }
    throw new IllegalArgumentException(message());
  }

  // Without the value, which may hold a password.
  private static String message() {
    return "HTTPS_PROXY, HTTP_PROXY or ALL_PROXY: expected an address such as http://proxy:3128";
  }

  private Optional<String> variable(String... lowerCaseNames) {
    for (String name : lowerCaseNames) {
      for (String spelling : List.of(name, name.toUpperCase(Locale.ROOT))) {
        String value = environment.getOrDefault(spelling, "");
        if (!value.isBlank()) {
          return Optional.of(value.strip());
        }
      }
    }
    return Optional.empty();
  }
}
