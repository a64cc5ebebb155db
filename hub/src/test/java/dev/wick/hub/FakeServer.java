package dev.wick.hub;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.function.Function;
import javax.net.ServerSocketFactory;

/** An HTTP server on this machine that can be told to misbehave on the wire. */
final class FakeServer implements AutoCloseable {

  /** What a client asked; header names in lower case. */
  record Request(String method, String path, Map<String, String> headers) {
    String header(String name) {
      return headers.getOrDefault(name.toLowerCase(Locale.ROOT), "");
    }
  }

  /**
   * What is sent.
   *
   * @param declaredLength the Content-Length header, or -1 for none
   * @param sentBytes how much of the body is sent before the connection ends
   * @param hangs whether the connection then stays open instead
   */
  record Reply(
      int status,
      Map<String, String> headers,
      ByteBuffer body,
      long declaredLength,
      int sentBytes,
      boolean hangs) {

    static Reply of(int status, byte[] body) {
      return new Reply(status, Map.of(), ByteBuffer.wrap(body), body.length, body.length, false);
    }

    static Reply of(int status, String body) {
      return of(status, body.getBytes(StandardCharsets.UTF_8));
    }

    Reply with(String name, String value) {
      Map<String, String> more = new TreeMap<>(headers);
      more.put(name, value);
      return new Reply(status, more, body, declaredLength, sentBytes, hangs);
    }

    Reply declaring(long length) {
      return new Reply(status, headers, body, length, sentBytes, hangs);
    }

    Reply cutAfter(int bytes) {
      return new Reply(status, headers, body, declaredLength, Math.min(bytes, sentBytes), hangs);
    }

    Reply hangingAfter(int bytes) {
      return new Reply(status, headers, body, declaredLength, Math.min(bytes, sentBytes), true);
    }

    Reply body(byte[] other) {
      return new Reply(status, headers, ByteBuffer.wrap(other), other.length, other.length, hangs);
    }
  }

  private final ServerSocket socket;
  private final Function<Request, Reply> answer;
  private final List<Request> requests = new CopyOnWriteArrayList<>();
  private final CountDownLatch closed = new CountDownLatch(1);

  FakeServer(Function<Request, Reply> answer) {
    this(answer, ServerSocketFactory.getDefault());
  }

  FakeServer(Function<Request, Reply> answer, ServerSocketFactory sockets) {
    this.answer = answer;
    try {
      socket = sockets.createServerSocket(0, 50, InetAddress.getLoopbackAddress());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    Thread.ofVirtual().name("fake-server").start(this::accept);
  }

  String address() {
    return "http://127.0.0.1:" + socket.getLocalPort();
  }

  List<Request> requests() {
    return requests;
  }

  private void accept() {
    while (!socket.isClosed()) {
      try {
        Socket connection = socket.accept();
        Thread.ofVirtual().start(() -> serve(connection));
      } catch (IOException e) {
        // Closed by the test.
        return;
      }
    }
  }

  private void serve(Socket connection) {
    try (connection) {
      Request request = read(connection);
      requests.add(request);
      Reply reply = answer.apply(request);
      StringBuilder head = new StringBuilder("HTTP/1.1 " + reply.status() + " Status\r\n");
      reply.headers().forEach((name, value) -> head.append(name + ": " + value + "\r\n"));
      if (reply.declaredLength() >= 0) {
        head.append("Content-Length: " + reply.declaredLength() + "\r\n");
      }
      head.append("Connection: close\r\n\r\n");
      OutputStream out = connection.getOutputStream();
      out.write(head.toString().getBytes(StandardCharsets.ISO_8859_1));
      if (!request.method().equals("HEAD")) {
        out.write(reply.body().array(), 0, reply.sentBytes());
      }
      out.flush();
      if (reply.hangs()) {
        closed.await();
      }
    } catch (IOException e) {
      // The client went away, as some tests want.
      return;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static Request read(Socket connection) throws IOException {
    BufferedReader in =
        new BufferedReader(
            new InputStreamReader(connection.getInputStream(), StandardCharsets.ISO_8859_1));
    String first = in.readLine();
    if (first == null || !first.matches("[A-Z]+ \\S+ HTTP/1\\.1")) {
      throw new IOException("not a request: " + first);
    }
    String[] parts = first.split(" ");
    // A proxy gets the whole address.
    String path = parts[1].startsWith("/") ? parts[1] : URI.create(parts[1]).getRawPath();
    Map<String, String> headers = new TreeMap<>();
    for (String line = in.readLine(); line != null && !line.isEmpty(); line = in.readLine()) {
      int colon = line.indexOf(':');
      headers.put(
          line.substring(0, colon).toLowerCase(Locale.ROOT), line.substring(colon + 1).strip());
    }
    return new Request(parts[0], path, headers);
  }

  @Override
  public void close() throws IOException {
    closed.countDown();
    socket.close();
  }
}
