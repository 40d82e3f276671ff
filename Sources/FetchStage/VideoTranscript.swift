// From a video's address to its captions in three steps: watch page, caption tracks, timed text. Each failure says at which of
// them it came, because what helps differs; captions that an owner adds need none of them.
//
// No request pretends to be a browser: hosts that refuse servers are believed, and the owner is told how to add the captions.

import Corpus
import Markup
import WebClient

/// Reads captions from where a video is played.
struct VideoTranscript {
  /// Captions as they came.
  struct Found {
    let bytes: [UInt8]
    let mediaType: String?
    let charset: String?
    let title: String
    let language: String?
    let isAutomatic: Bool
    /// The page that plays the video.
    let page: String
  }

  /// Why there are none.
  struct Refusal: Error {
    let reason: String
    let message: String
    var mayPass = false
    /// Milliseconds for which the site wants to be left alone.
    var wait: Int?
    var status: Int?
  }

  typealias Ask = (WebRequest) async throws(WebError) -> WebResponse

  /// What a title is followed by when a machine wrote the captions: names and numbers may be wrong.
  static let automaticMark = " (automatic captions)"

  /// - Parameter address: as the owner gave it.
  /// - Parameter language: BCP 47; nil for whichever the page would show.
  static func read(
    _ address: String, language: String?, ask: Ask
  ) async -> Result<Found, Refusal> {
    do throws(Refusal) {
      let url = VideoAddress(address)?.watchPage ?? address
      let (response, page) = try await watchPage(url, language: language, ask)
      let track = try page.choose(language).mapError(Self.refusal).get()
      return .success(try await timedText(track, of: page, at: response, ask))
    } catch {
      return .failure(error)
    }
  }

  private static func watchPage(
    _ url: String, language: String?, _ ask: Ask
  ) async throws(Refusal) -> (WebResponse, WatchPage) {
    // A language makes no other captions, but a page that people would get.
    let response = try await send(
      WebRequest(url: url, headers: ["Accept-Language": language ?? "en"]), step: "Watch page", ask)
    guard CrawlSlice.isMarkup(response) else {
      throw Refusal(
        reason: "no_video",
        message: "Watch page: the address is no page that plays a video; check it, or add the "
          + "captions as a file.")
    }
    let body = response.body
    let read = await CrawlSlice.parsed { () -> Result<WatchPage, WatchPage.Refusal>? in
      // A page that cannot be parsed at all is told of below.
      guard let page = try? HTMLPage(utf8: PageText.utf8(body)) else { return nil }
      return WatchPage.read(body, page)
    }
    guard let read else {
      throw Refusal(
        reason: "video_unread",
        message: "Watch page: it cannot be parsed; add the captions as a file.")
    }
    return (response, try read.mapError(Self.refusal).get())
  }

  private static func timedText(
    _ track: WatchPage.Track, of page: WatchPage, at response: WebResponse, _ ask: Ask
  ) async throws(Refusal) -> Found {
    guard let link = Links.resolve(track.address, against: response.finalURL),
      let url = try? WebURL(parsing: link).text
    else {
      throw Refusal(
        reason: "video_unread",
        message: "Timed text: the captions' address cannot be asked for; add them as a file.")
    }
    let captions = try await send(WebRequest(url: url), step: "Timed text", ask)
    let title = (page.title ?? "").split(whereSeparator: \.isWhitespace).joined(separator: " ")
    guard !captions.body.isEmpty else {
      throw Refusal(
        reason: "captions_refused",
        message: "Timed text: the site answered with nothing, as it does to servers; add the "
          + "captions as a file.", status: captions.status)
    }
    guard isCaptions(captions.body) else {
      throw Refusal(
        reason: "captions_refused",
        message: "Timed text: what the site answered is no captions; add them as a file.",
        status: captions.status)
    }
    return Found(
      bytes: captions.body, mediaType: captions.mediaType, charset: captions.charset,
      title: (title.isEmpty ? VideoAddress(response.finalURL)?.id ?? "Video" : title)
        + (track.isAutomatic ? automaticMark : ""),
      language: track.language.isEmpty ? nil : track.language, isAutomatic: track.isAutomatic,
      page: VideoAddress(response.finalURL)?.watchPage ?? response.finalURL)
  }

  /// WebVTT, SubRip, or timed text as XML: a page in its place must not be read as what is said.
  private static func isCaptions(_ bytes: [UInt8]) -> Bool {
    let head = bytes.prefix(4_096)
    let start = head.drop { $0 <= 0x20 || [0xEF, 0xBB, 0xBF].contains($0) }
    if start.first == UInt8(ascii: "<") {
      return ["<transcript", "<timedtext"].contains {
        head.firstRange(of: Array($0.utf8)) != nil
      }
    }
    return start.starts(with: Array("WEBVTT".utf8)) || head.firstRange(of: Array("-->".utf8)) != nil
  }

  // MARK: Asking

  private static func send(
    _ request: WebRequest, step: String, _ ask: Ask
  ) async throws(Refusal) -> WebResponse {
    let response: WebResponse
    do throws(WebError) {
      response = try await ask(request)
    } catch {
      throw Refusal(
        reason: error.reason, message: "\(step): \(error)", mayPass: error.isTransient)
    }
    let status = response.status
    if let wall = PageVerdict.ofHead(response) {
      throw Refusal(
        reason: wall.rawValue,
        message: "\(step): the site checks for robots; add the captions as a file.", status: status)
    }
    guard (200...299).contains(status) else {
      let mayPass = status == 408 || status == 429 || (500...599).contains(status)
      throw Refusal(
        reason: "http_\(status)",
        message: mayPass
          ? "\(step): the site answered \(status); it is asked again later."
          : "\(step): the site answered \(status); check the address, or add the captions as a file.",
        mayPass: mayPass, wait: CrawlSlice.wait(response), status: status)
    }
    return response
  }

  private static func refusal(_ refusal: WatchPage.Refusal) -> Refusal {
    Refusal(reason: refusal.reason, message: refusal.message)
  }
}
