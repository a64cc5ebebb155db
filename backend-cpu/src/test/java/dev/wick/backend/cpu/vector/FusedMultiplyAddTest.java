package dev.wick.backend.cpu.vector;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

class FusedMultiplyAddTest {
  /** Prints the answer. */
  static final class Answer {
    private Answer() {}

    public static void main(String... args) {
      System.out.println(FusedMultiplyAdd.isFast());
    }
  }

  @Test
  void isFast_jvmWithoutTheInstruction_isFalse() throws Exception {
    String classPath = place(FusedMultiplyAdd.class) + File.pathSeparator + place(Answer.class);

    assertThat(output("-XX:-UseFMA", "-cp", classPath, Answer.class.getName())).isEqualTo("false");
  }

  private static String output(String... arguments) throws IOException {
    ProcessBuilder builder = new ProcessBuilder(arguments);
    builder.command().addFirst(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    Process process = builder.redirectError(ProcessBuilder.Redirect.INHERIT).start();
    try (var out = process.inputReader(StandardCharsets.UTF_8)) {
      return String.valueOf(out.readLine());
    } finally {
      process.destroyForcibly();
    }
  }

  private static Path place(Class<?> type) throws URISyntaxException {
    return Path.of(type.getProtectionDomain().getCodeSource().getLocation().toURI());
  }
}
