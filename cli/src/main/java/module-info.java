import org.jspecify.annotations.NullMarked;

/** The {@code wick} command. */
@NullMarked
module dev.wick.cli {
  requires static org.jspecify;
  requires info.picocli;

  opens dev.wick.cli to
      info.picocli;
}
