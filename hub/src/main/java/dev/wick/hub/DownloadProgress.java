package dev.wick.hub;

/**
 * The state of a download at one moment.
 *
 * @param file the file that moved on, as the repository names it
 * @param fileBytes bytes of that file that are on this disk
 * @param fileTotalBytes size of that file, or -1 if the hub did not tell
 * @param bytes bytes of all files of this download that are on this disk, resumed ones included
 * @param totalBytes size of all files of this download; files of unknown size count what arrived
 * @param filesDone files complete
 * @param files files of this download
 * @param bytesPerSecond bytes received a second over the last few seconds, 0 when not yet known
 */
public record DownloadProgress(
    String file,
    long fileBytes,
    long fileTotalBytes,
    long bytes,
    long totalBytes,
    int filesDone,
    int files,
    double bytesPerSecond) {

  /** Whether every file is complete. */
  public boolean done() {
    return filesDone == files;
  }
}
