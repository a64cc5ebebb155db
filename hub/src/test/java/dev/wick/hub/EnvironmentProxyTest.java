package dev.wick.hub;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.InetSocketAddress;
import java.net.Proxy;
import java.net.ProxySelector;
import java.net.URI;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Proxies as Python's urllib.request.getproxies_environment and proxy_bypass read them. */
final class EnvironmentProxyTest {
  private static String select(ProxySelector selector, String uri) {
    Proxy proxy = selector.select(URI.create(uri)).getFirst();
    return proxy.address() instanceof InetSocketAddress address
        ? address.getHostString() + ":" + address.getPort()
        : "none";
  }

  @Test
  void of_noProxy_isEmpty() {
    assertThat(EnvironmentProxy.of(Map.of("NO_PROXY", "*"))).isEmpty();
  }

  @Test
  void select_scheme_picksTheVariable() {
    ProxySelector selector =
        EnvironmentProxy.of(
                Map.of(
                    "HTTPS_PROXY", "http://u:p@secure.invalid:3128", "all_proxy", "rest.invalid"))
            .orElseThrow();

    assertThat(select(selector, "https://huggingface.co/a")).isEqualTo("secure.invalid:3128");
    assertThat(select(selector, "http://huggingface.co/a")).isEqualTo("rest.invalid:80");
  }

  @Test
  void select_excludedHost_goesDirectly() {
    ProxySelector selector =
        EnvironmentProxy.of(
                Map.of("http_proxy", "p.invalid:1", "no_proxy", ".corp.example,*.lan , host:8080"))
            .orElseThrow();

    assertThat(select(selector, "http://corp.example")).isEqualTo("none");
    assertThat(select(selector, "http://Hub.CORP.example")).isEqualTo("none");
    assertThat(select(selector, "http://a.lan")).isEqualTo("none");
    assertThat(select(selector, "http://host:8080/x")).isEqualTo("none");
    assertThat(select(selector, "http://host:8081/x")).isEqualTo("p.invalid:1");
    assertThat(select(selector, "http://notcorp.example")).isEqualTo("p.invalid:1");
  }

  @Test
  void select_unusableAddress_isRefusedWithoutShowingIt() {
    ProxySelector selector =
        EnvironmentProxy.of(Map.of("http_proxy", "socks5://u:secret@p.invalid")).orElseThrow();

    assertThatThrownBy(() -> selector.select(URI.create("http://a")))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith("HTTPS_PROXY, HTTP_PROXY or ALL_PROXY: expected an address such as")
        .message()
        .doesNotContain("secret");
  }
}
