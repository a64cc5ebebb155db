package dev.wick.lora;

import java.time.Instant;
import java.util.List;

/**
 * What a registry knows of one name.
 *
 * @param version the current version
 * @param earlierVersions those that are kept beside it, newest first
 * @param byteSize bytes of all these versions
 * @param uses how often it was leased
 * @param lastUse when it was leased last, or came
 * @param leases how many leases of kept versions are open
 * @param isPinned whether it may not be evicted
 * @param isActive whether it is the registry's active one
 */
public record AdapterStatus(
    String name,
    long version,
    List<Long> earlierVersions,
    long byteSize,
    long uses,
    Instant lastUse,
    int leases,
    boolean isPinned,
    boolean isActive) {
  public AdapterStatus {
    earlierVersions = List.copyOf(earlierVersions);
  }
}
