package dev.wick.cli;

import dev.wick.cli.terminal.Json;
import dev.wick.cli.terminal.Quantities;
import dev.wick.cli.terminal.Streams;
import dev.wick.hub.CachedRepo;
import dev.wick.hub.CachedRevision;
import dev.wick.hub.Hub;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Option;

/** {@code wick list}: shows the models in the cache. */
@Command(
    name = "list",
    mixinStandardHelpOptions = true,
    description = "Lists the models in the Hugging Face cache.")
final class ListCommand implements Callable<Integer> {
  private static final int SHORT_HASH = 7;

  private final Streams streams;

  @Option(names = "--json", description = "Print JSON.")
  private boolean json;

  ListCommand(Streams streams) {
    this.streams = streams;
  }

  @Override
  public Integer call() throws IOException {
    Hub hub = Hub.fromEnvironment();
    List<CachedRepo> repos = hub.list();
    PrintWriter out = streams.out();
    if (json) {
      Json.pretty(out, repos.stream().map(ListCommand::fields).toList());
      return ExitCode.OK;
    }
    if (repos.isEmpty()) {
      streams.err().println("no models in " + hub.cacheFolder());
    }
    for (CachedRepo repo : repos) {
      out.printf("%-44s %10s%n", repo.repo(), Quantities.bytes(repo.sizeOnDisk()));
      for (CachedRevision revision : repo.revisions()) {
        out.printf(
            "  %-42s %10s  %d files%n",
            revision.commit().substring(0, Math.min(SHORT_HASH, revision.commit().length()))
                + (revision.refs().isEmpty()
                    ? ""
                    : " (" + String.join(", ", revision.refs()) + ")"),
            Quantities.bytes(revision.size()),
            revision.files());
      }
      if (repo.revisions().isEmpty()) {
        out.println("  a download that broke off; pull it again to complete it");
      }
    }
    return ExitCode.OK;
  }

  private static Map<String, Object> fields(CachedRepo repo) {
    Map<String, Object> fields = new LinkedHashMap<>();
    fields.put("repo", repo.repo());
    fields.put("folder", repo.folder());
    fields.put("size_on_disk", repo.sizeOnDisk());
    fields.put("last_used", repo.lastUsed());
    List<Object> revisions = new ArrayList<>();
    for (CachedRevision revision : repo.revisions()) {
      Map<String, Object> one = new LinkedHashMap<>();
      one.put("commit", revision.commit());
      one.put("refs", revision.refs());
      one.put("folder", revision.folder());
      one.put("files", revision.files());
      one.put("size", revision.size());
      one.put("last_modified", revision.lastModified());
      revisions.add(one);
    }
    fields.put("revisions", revisions);
    return fields;
  }
}
