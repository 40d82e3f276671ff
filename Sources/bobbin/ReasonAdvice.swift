// What a reason in an item's name means and what to do about it, in the words of pipelines/README.md.

/// A sentence and a remedy for a reason.
enum ReasonAdvice {
  /// The lines for `reason` of an item of `stage`.
  static func text(_ reason: String, stage: String) -> String {
    switch reason {
    case "connection":
      "the site could not be reached. One lane: a site is down, it is asked again. All lanes: put "
        + "the network or the name server right"
    case "blocked":
      "the address is not a public one, or its name could not be looked up. Check the name; an "
        + "operator may allow host:port in BOBBIN_ALLOWED_HOSTS"
    case "cancelled": "the request was broken off. It is made again"
    case "timeout":
      stage == "extract"
        ? "the document was too heavy for its child process. Simplify the file, ingest it again"
        : "the other side, or the worker, took too long. It is tried three times; then look at the "
          + "site, or take the record through the filter by hand"
    case "memory":
      "the document needed more memory than its child process may have. Simplify the file, ingest "
        + "it again"
    case "converter":
      "the C library could not load its table for the document's encoding. Check the disk and the "
        + "gconv folder, then retry"
    case "unreadable":
      "the file could not be read; the message says why. Check its disk, then retry"
    case "crashed":
      "a worker died with it in hand. After three times it is a poison item: take its record "
        + "through the filter by hand, report it"
    case "split": "cut out of an item whose worker died, so that a poison record stands alone"
    case "damaged":
      "the content is not what the name says, or a record does not decode. Check the disk, drop "
        + "the item, ingest its source again"
    case "error":
      "a try threw something unforeseen; the message of its document says what. Put that right, "
        + "then retry"
    case "embedding": "the embedding endpoint is away or refuses. Put it right, then retry"
    case "neighbour_refused":
      "the endpoint refused a neighbour's text, so the batch is tried in other company"
    case "busy": "another build of this chatbot was under way. It is tried again"
    case "shard":
      "the shard could not be written or read; the message says why. Check the disk, then retry"
    case "robots_unreachable":
      "the site's robots.txt does not answer, so nothing of it is read. It is asked again"
    case "crawl_delay":
      "the site asks for a long pause between two pages. Nothing to do: the crawl goes on by itself"
    case "http_408", "http_429":
      "the site asks for patience. Nothing to do: it is asked again, no sooner than it wishes"
    case let status where status.hasPrefix("http_5"):
      "the site answers with an error of its own. Nothing to do: it is asked five times over about "
        + "45 minutes"
    default: "no advice is known for it; pipelines/README.md has the symptoms"
    }
  }
}
