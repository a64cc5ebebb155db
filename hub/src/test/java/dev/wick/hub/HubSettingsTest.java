package dev.wick.hub;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** The environment, by the rules of huggingface_hub 2.0.0, constants.py. */
final class HubSettingsTest {
  private static HubSettings of(String... pairs) {
    Map<String, String> environment = new HashMap<>();
    for (int i = 0; i < pairs.length; i += 2) {
      environment.put(pairs[i], pairs[i + 1]);
    }
    return HubSettings.of(environment, "/home/me");
  }

  private static Path path(String path) {
    return Path.of(path).toAbsolutePath();
  }

  @Test
  void of_emptyEnvironment_hasTheDefaults() {
    HubSettings settings = of();

    assertThat(settings.endpoint()).hasToString("https://huggingface.co");
    assertThat(settings.cacheFolder()).isEqualTo(path("/home/me/.cache/huggingface/hub"));
    assertThat(settings.tokenFile()).isEqualTo(path("/home/me/.cache/huggingface/token"));
    assertThat(settings.token()).isEmpty();
    assertThat(settings.offline()).isFalse();
    assertThat(settings.implicitToken()).isTrue();
    assertThat(settings.symlinks()).isTrue();
    assertThat(settings.answerTimeout()).isEqualTo(Duration.ofSeconds(10));
  }

  @Test
  void cacheFolder_moreSpecificVariable_wins() {
    assertThat(of("XDG_CACHE_HOME", "/x").cacheFolder()).isEqualTo(path("/x/huggingface/hub"));
    assertThat(of("XDG_CACHE_HOME", "/x", "HF_HOME", "/h").cacheFolder()).isEqualTo(path("/h/hub"));
    assertThat(of("HF_HOME", "/h", "HUGGINGFACE_HUB_CACHE", "/old").cacheFolder())
        .isEqualTo(path("/old"));
    assertThat(of("HUGGINGFACE_HUB_CACHE", "/old", "HF_HUB_CACHE", "/new").cacheFolder())
        .isEqualTo(path("/new"));
    assertThat(of("HF_HOME", "/h", "HF_HUB_CACHE", " ").cacheFolder()).isEqualTo(path("/h/hub"));
  }

  @Test
  void cacheFolder_tildeAndVariables_areExpanded() {
    assertThat(of("HF_HOME", "~/hf").cacheFolder()).isEqualTo(path("/home/me/hf/hub"));
    assertThat(
            of("HF_HUB_CACHE", "/data/$USER/${WHAT}/$NONE", "USER", "me", "WHAT", "a$1b")
                .cacheFolder())
        .isEqualTo(path("/data/me/a$1b/$NONE"));
  }

  @Test
  void token_newName_winsAndIsCleaned() {
    assertThat(of("HUGGING_FACE_HUB_TOKEN", "old").token()).contains("old");
    assertThat(of("HUGGING_FACE_HUB_TOKEN", "old", "HF_TOKEN", " new\r\n").token()).contains("new");
    assertThat(of("HF_HOME", "/h").tokenFile()).isEqualTo(path("/h/token"));
    assertThat(of("HF_HOME", "/h", "HF_TOKEN_PATH", "/t").tokenFile()).isEqualTo(path("/t"));
    assertThat(of("HF_HUB_DISABLE_IMPLICIT_TOKEN", "true").implicitToken()).isFalse();
    assertThat(of("HF_TOKEN", "secret").toString()).doesNotContain("secret");
  }

  @Test
  void offline_ownVariable_winsOverTransformers() {
    assertThat(of("HF_HUB_OFFLINE", "on").offline()).isTrue();
    assertThat(of("TRANSFORMERS_OFFLINE", "1").offline()).isTrue();
    assertThat(of("HF_HUB_OFFLINE", "0", "TRANSFORMERS_OFFLINE", "1").offline()).isFalse();
    assertThat(of("HF_HUB_OFFLINE", "2").offline()).isFalse();
  }

  @Test
  void endpoint_slashAtTheEnd_isDropped() {
    assertThat(of("HF_ENDPOINT", "https://mirror.example/hf//").endpoint())
        .hasToString("https://mirror.example/hf");
  }

  @Test
  void endpoint_noAddress_isRefused() {
    for (String text : new String[] {"mirror.example", "ftp://mirror.example", "https://", "a b"}) {
      assertThatThrownBy(() -> of("HF_ENDPOINT", text))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageStartingWith("HF_ENDPOINT: expected an address such as https://huggingface.co")
          .hasMessageContaining("got '" + text + "'");
    }
  }

  @Test
  void timeout_noNumber_isRefused() {
    assertThat(of("HF_HUB_DOWNLOAD_TIMEOUT", "30").stallTimeout())
        .isEqualTo(Duration.ofSeconds(30));
    assertThatThrownBy(() -> of("HF_HUB_ETAG_TIMEOUT", "soon"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("HF_HUB_ETAG_TIMEOUT: expected a number of seconds, got 'soon'");
  }
}
