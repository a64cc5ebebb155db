package dev.wick.hub;

/**
 * Receives the progress of a download.
 *
 * <p>Calls come from several threads but never at the same time, at most about ten a second apart
 * from the end of each file. A listener should return quickly; what it throws ends the download.
 */
@FunctionalInterface
public interface DownloadListener {
  /** A listener that ignores what it hears. */
  DownloadListener NONE = progress -> {};

  /** Called with the state of the whole download after one of its files moved on. */
  void progress(DownloadProgress progress);
}
