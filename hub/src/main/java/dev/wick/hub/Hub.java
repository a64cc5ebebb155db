package dev.wick.hub;

import dev.wick.hub.HubException.Reason;
import java.io.IOException;
import java.net.URI;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The Hugging Face hub with its cache on this machine. Immutable and thread-safe; several programs,
 * Python ones among them, may use the same cache at the same time.
 *
 * <p>
 *
 * {@snippet :
 * Hub hub = Hub.fromEnvironment();
 * Path folder = hub.resolve("Qwen/Qwen3-0.6B", progress -> System.out.println(progress));
 * }
 */
public final class Hub {
  private static final int DEFAULT_PARALLELISM = 8;

  private final HubSettings settings;
  private final Optional<String> explicitToken;
  private final int parallelism;
  private final Host host;
  private final Cache cache;

  private Hub(Builder builder, HubSettings settings) {
    this.settings = builder.timeout.map(settings::withTimeout).orElse(settings);
    this.explicitToken = builder.token;
    this.parallelism = builder.parallelism;
    this.host = builder.host;
    this.cache = new Cache(builder.cacheFolder.orElse(settings.cacheFolder()), settings.symlinks());
  }

  /**
   * The hub that the environment variables of {@code huggingface_hub} describe.
   *
   * @throws IllegalArgumentException if a variable's value cannot be used; the message names it
   */
  public static Hub fromEnvironment() {
    return builder().build();
  }

  /** A hub with some settings of its own; the environment says the rest. */
  public static Builder builder() {
    return new Builder();
  }

  /** The address that is asked. */
  public URI endpoint() {
    return settings.endpoint();
  }

  /** The folder of the {@code models--...} folders. */
  public Path cacheFolder() {
    return cache.root();
  }

  /** Whether only the cache is used. */
  public boolean offline() {
    return settings.offline();
  }

  /**
   * The folder or GGUF file of a model that a user names: an existing one as it is, otherwise a hub
   * id, whose missing files are downloaded.
   *
   * @throws IllegalArgumentException if the text is neither a folder nor a hub id
   * @throws HubException if the model cannot be had
   */
  public Path resolveFolder(String model, DownloadListener listener) throws IOException {
    return switch (ModelLocation.parse(model)) {
      case ModelLocation.Folder(Path path) -> path;
      case ModelLocation.File(Path path) -> path;
      case ModelLocation.FileOnHub file ->
          resolve(file.id(), file.selection(), listener).resolve(file.file());
      case ModelLocation.OnHub(HubId id) -> {
        try {
          yield resolve(id, FileSelection.model(), listener);
        } catch (HubException e) {
          throw new HubException(
              e.reason(), e.getMessage() + ". There is no folder '" + model + "' either", e);
        }
      }
    };
  }

  /**
   * The folder of a model on the hub, {@code namespace/name} or {@code namespace/name@revision},
   * whose missing files are downloaded.
   *
   * @throws IllegalArgumentException if the text is no hub id
   * @throws HubException if the model cannot be had
   */
  public Path resolve(String id, DownloadListener listener) throws IOException {
    return resolve(HubId.parse(id), FileSelection.model(), listener);
  }

  /**
   * The folder of a revision, whose missing files of a selection are downloaded, several at a time.
   * A download that broke off goes on where it ended. Without a network, or in offline mode, the
   * cached files serve if they are complete.
   *
   * @throws HubException if the model cannot be had
   * @throws java.io.InterruptedIOException if the thread was interrupted; what arrived is kept
   */
  public Path resolve(HubId id, FileSelection selection, DownloadListener listener)
      throws IOException {
    try {
      Optional<Path> cached = cache.completeSnapshot(id, selection);
      if (cached.isPresent() && (settings.offline() || id.isCommit())) {
        return cached.get();
      }
      if (settings.offline()) {
        throw new HubException(
            Reason.OFFLINE,
            ("%s: offline mode is on and the cache %s has no complete copy. Unset HF_HUB_OFFLINE"
                    + " (or TRANSFORMERS_OFFLINE) to download it")
                .formatted(id, cache.root()));
      }
      try (HubHttp http = new HubHttp(settings, token())) {
        return new SnapshotDownload(http, cache, host, parallelism, id, selection, listener)
            .run(cached);
      }
    } catch (FileSystemException e) {
      throw new HubException(
          Reason.CACHE,
          "%s: the cache %s cannot be used (%s: %s). Check its permissions, or set HF_HOME"
              .formatted(id, cache.root(), e.getClass().getSimpleName(), e.getMessage()),
          e);
    }
  }

  /** The models in the cache, by name. */
  public List<CachedRepo> list() throws IOException {
    return new CacheContents(cache).list();
  }

  /**
   * Removes {@code namespace/name} with all its revisions, or {@code namespace/name@revision} with
   * the files that no other revision has. A revision is a branch, a tag or a commit, of which the
   * first seven digits are enough.
   *
   * @return bytes freed
   * @throws IllegalArgumentException if the text is no hub id
   * @throws HubException if the cache does not have it
   */
  public long remove(String id) throws IOException {
    HubId parsed = HubId.parse(id);
    CacheContents contents = new CacheContents(cache);
    return id.contains("@")
        ? contents.removeRevision(parsed.repo(), parsed.revision())
        : contents.removeRepo(parsed.repo());
  }

  private Optional<String> token() throws IOException {
    Optional<String> token = explicitToken;
    if (token.isEmpty() && settings.implicitToken()) {
      token = settings.token();
      if (token.isEmpty()) {
        token = tokenFromFile();
      }
    }
    // The JDK's own complaint about such a header would show the token.
    if (token.isPresent() && !token.get().matches("[!-~]+")) {
      throw new HubException(
          Reason.ACCESS_DENIED,
          "The token in HF_TOKEN, or in the file "
              + settings.tokenFile()
              + ", has characters that no token has. Copy it again");
    }
    return token;
  }

  private Optional<String> tokenFromFile() throws IOException {
    try {
      return HubSettings.cleanToken(Files.readString(settings.tokenFile()));
    } catch (NoSuchFileException e) {
      // Nobody has logged in on this machine.
      return Optional.empty();
    } catch (IOException e) {
      throw new HubException(
          Reason.ACCESS_DENIED,
          "The token file %s cannot be read (%s). Check its permissions, or set HF_TOKEN"
              .formatted(settings.tokenFile(), e.getClass().getSimpleName()),
          e);
    }
  }

  /** Settings that differ from the environment's. */
  public static final class Builder {
    private Map<String, String> environment = System.getenv();
    private String userHome = System.getProperty("user.home");
    private Optional<String> token = Optional.empty();
    private Optional<Path> cacheFolder = Optional.empty();
    private int parallelism = DEFAULT_PARALLELISM;
    private Optional<Duration> timeout = Optional.empty();
    private Host host = Host.system();

    private Builder() {}

    /** The environment variables to read in place of this process's. */
    public Builder environment(Map<String, String> environment) {
      this.environment = Map.copyOf(environment);
      return this;
    }

    /** The token to send, whatever the environment says. */
    public Builder token(String token) {
      this.token = HubSettings.cleanToken(token);
      return this;
    }

    /** The folder of the {@code models--...} folders, whatever the environment says. */
    public Builder cacheFolder(Path cacheFolder) {
      this.cacheFolder = Optional.of(cacheFolder.toAbsolutePath().normalize());
      return this;
    }

    /**
     * How many files are downloaded at the same time, 8 unless told.
     *
     * @throws IllegalArgumentException if it is not positive
     */
    public Builder parallelism(int parallelism) {
      if (parallelism < 1) {
        throw new IllegalArgumentException("parallelism: expected at least 1, got " + parallelism);
      }
      this.parallelism = parallelism;
      return this;
    }

    Builder userHome(Path userHome) {
      this.userHome = userHome.toString();
      return this;
    }

    Builder timeout(Duration timeout) {
      this.timeout = Optional.of(timeout);
      return this;
    }

    Builder host(Host host) {
      this.host = host;
      return this;
    }

    /**
     * The hub.
     *
     * @throws IllegalArgumentException if a variable's value cannot be used; the message names it
     */
    public Hub build() {
      return new Hub(this, HubSettings.of(environment, userHome));
    }
  }
}
