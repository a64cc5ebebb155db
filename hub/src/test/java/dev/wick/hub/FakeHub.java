package dev.wick.hub;

import dev.wick.hub.FakeServer.Reply;
import dev.wick.hub.FakeServer.Request;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Deque;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;

/** A hub with one repository, and a store on another port that holds its large files. */
final class FakeHub implements AutoCloseable {
  static final String REPO = "Qwen/Tiny";
  static final String COMMIT = "0123456789abcdef0123456789abcdef01234567";

  /** What goes wrong with an answer. */
  @FunctionalInterface
  interface Fault extends UnaryOperator<Reply> {}

  final FakeServer hub = new FakeServer(this::answer);
  final FakeServer store = new FakeServer(this::deliver);
  final List<Duration> waits = Collections.synchronizedList(new ArrayList<>());
  final Map<String, String> environment = new HashMap<>();
  String commit = COMMIT;
  long usableSpace = Long.MAX_VALUE;

  private final Path cacheFolder;
  private final Map<String, byte[]> files = new TreeMap<>();
  private final Map<String, Deque<Fault>> faults = new ConcurrentHashMap<>();

  FakeHub(Path folder) {
    cacheFolder = folder.resolve("hub");
    environment.put("HF_ENDPOINT", hub.address());
    environment.put("HF_HOME", folder.toString());
  }

  /** The same hub, seen by a client with these settings. */
  Hub client() {
    return builder().build();
  }

  Hub.Builder builder() {
    return Hub.builder()
        .environment(environment)
        .userHome(cacheFolder)
        .timeout(Duration.ofSeconds(60))
        .host(new Host(waits::add, System::nanoTime, folder -> usableSpace));
  }

  Path repoFolder() {
    return cacheFolder.resolve("models--Qwen--Tiny");
  }

  Path snapshot() {
    return repoFolder().resolve("snapshots").resolve(commit);
  }

  Path blob(byte[] content, boolean large) {
    return repoFolder().resolve("blobs").resolve(large ? sha256(content) : gitSha1(content));
  }

  FakeHub file(String name, String content) {
    return file(name, content.getBytes(StandardCharsets.UTF_8));
  }

  FakeHub file(String name, byte[] content) {
    files.put(name, content);
    return this;
  }

  /** The smallest model: three files, the weights in the store. */
  FakeHub model(byte[] weights) {
    return file("config.json", "{\"model_type\":\"qwen3\"}")
        .file("tokenizer.json", "{\"version\":\"1.0\"}")
        .file("model.safetensors", weights);
  }

  void remove(String name) {
    files.remove(name);
  }

  /** Changes the next answers, one each, to a method and a path's end: {@code GET config.json}. */
  void faults(String request, Fault... changes) {
    faults.computeIfAbsent(request, key -> new ArrayDeque<>()).addAll(Arrays.asList(changes));
  }

  void alwaysFaults(String request, Fault change) {
    for (int i = 0; i < 50; i++) {
      faults(request, change);
    }
  }

  /** The requests to the store for a file's content. */
  List<Request> deliveries(String name) {
    return store.requests().stream().filter(r -> r.path().endsWith("/" + name)).toList();
  }

  private Reply answer(Request request) {
    String[] parts = request.path().split("/resolve/(main|[0-9a-f]{40})/");
    Reply reply;
    if (request.path().startsWith("/api/models/" + REPO + "/revision/")) {
      String siblings =
          files.keySet().stream()
              .map(name -> "{\"rfilename\":\"" + name.replace("\\", "\\\\") + "\"}")
              .collect(Collectors.joining(","));
      reply =
          Reply.of(
              200, "{\"id\":\"x\",\"sha\":\"" + commit + "\",\"siblings\":[" + siblings + "]}");
    } else if (parts.length == 2 && files.containsKey(parts[1])) {
      byte[] content = content(parts[1]);
      boolean large = isLarge(parts[1]);
      reply =
          large
              ? Reply.of(302, new byte[0])
                  .with("Location", store.address() + "/signed/" + parts[1])
                  .with("X-Linked-Etag", "\"" + sha256(content) + "\"")
                  .with("X-Linked-Size", String.valueOf(content.length))
              : ranged(request, content).with("ETag", "\"" + gitSha1(content) + "\"");
      reply = reply.with("X-Repo-Commit", commit);
    } else {
      reply = Reply.of(404, "").with("X-Error-Code", "EntryNotFound");
    }
    return change(request, reply);
  }

  private Reply deliver(Request request) {
    return change(request, ranged(request, content(request.path().replace("/signed/", ""))));
  }

  private static Reply ranged(Request request, byte[] content) {
    String range = request.header("Range");
    if (range.isEmpty()) {
      return Reply.of(200, content);
    }
    int start = Integer.parseInt(range.replace("bytes=", "").replace("-", ""));
    return start >= content.length
        ? Reply.of(416, "")
        : Reply.of(206, Arrays.copyOfRange(content, start, content.length))
            .with(
                "Content-Range",
                "bytes " + start + "-" + (content.length - 1) + "/" + content.length);
  }

  private Reply change(Request request, Reply reply) {
    return next(request).apply(reply);
  }

  private synchronized UnaryOperator<Reply> next(Request request) {
    for (Map.Entry<String, Deque<Fault>> entry : faults.entrySet()) {
      String[] key = entry.getKey().split(" ");
      if (request.method().equals(key[0])
          && request.path().endsWith(key[1])
          && !entry.getValue().isEmpty()) {
        return entry.getValue().removeFirst();
      }
    }
    return UnaryOperator.identity();
  }

  private byte[] content(String name) {
    return files.getOrDefault(name, new byte[0]);
  }

  private static boolean isLarge(String name) {
    return name.endsWith(".safetensors") || name.endsWith(".gguf") || name.endsWith(".bin");
  }

  static String sha256(byte[] content) {
    return hex("SHA-256", content);
  }

  static String gitSha1(byte[] content) {
    byte[] head = ("blob " + content.length + "\0").getBytes(StandardCharsets.US_ASCII);
    byte[] all = Arrays.copyOf(head, head.length + content.length);
    System.arraycopy(content, 0, all, head.length, content.length);
    return hex("SHA-1", all);
  }

  private static String hex(String algorithm, byte[] content) {
    try {
      return HexFormat.of().formatHex(MessageDigest.getInstance(algorithm).digest(content));
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError(e);
    }
  }

  @Override
  public void close() throws IOException {
    hub.close();
    store.close();
  }
}
