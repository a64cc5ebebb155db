package dev.wick.formats.file;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PageAdviceTest {
  @TempDir Path folder;

  @Test
  void populate_mappedPart_bringsItIn() throws IOException {
    Path path = Files.write(folder.resolve("x"), new byte[1 << 20]);
    try (FileChannel channel = FileChannel.open(path);
        Arena arena = Arena.ofConfined()) {
      MemorySegment mapping = channel.map(FileChannel.MapMode.READ_ONLY, 0, channel.size(), arena);

      PageAdvice.largePages(mapping);
      PageAdvice.populate(mapping);

      assertThat(mapping.isLoaded()).isTrue();
    }
  }
}
