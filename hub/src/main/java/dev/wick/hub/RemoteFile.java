package dev.wick.hub;

/**
 * A file as the hub describes it.
 *
 * @param name its path in the repository
 * @param etag the name of its content
 * @param size its bytes, or -1 if the hub did not tell
 */
record RemoteFile(String name, Etag etag, long size) {}
