import org.jspecify.annotations.NullMarked;

/**
 * Models by their Hugging Face id: downloads into, and reads from, the cache folder that Python's
 * {@code huggingface_hub} uses, so that both share one copy.
 *
 * <p>The environment variables of {@code huggingface_hub} are honoured ({@code HF_HOME}, {@code
 * HF_HUB_CACHE}, {@code HF_ENDPOINT}, {@code HF_TOKEN}, {@code HF_HUB_OFFLINE} and their older
 * names). Nothing is printed: progress goes to a {@link dev.wick.hub.DownloadListener}, failures
 * are {@link dev.wick.hub.HubException}s that name the repository, the file and the remedy.
 */
@NullMarked
module dev.wick.hub {
  requires static org.jspecify;
  requires com.fasterxml.jackson.databind;
  requires java.net.http;

  exports dev.wick.hub;
}
