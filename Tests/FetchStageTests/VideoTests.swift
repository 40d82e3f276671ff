// A video's captions, from pages that are built as the real ones are: what comes of each step, and what each failure says.

import BlobStore
import Corpus
import FetchStage
import Foundation
import Spool
import TestSupport
import Testing
import WebClient

@Suite struct VideoTests {
  static let id = "dQw4w9WgXcQ"
  static let watch = "https://www.youtube.com/watch?v=\(id)"

  /// A caption track as the player is told of it.
  private static func track(
    _ language: String, _ name: String, isAutomatic: Bool = false, address: String? = nil
  ) -> String {
    let path = address ?? "/api/timedtext?v=\(id)\\u0026lang=\(language)"
    let kind = isAutomatic ? "\"kind\":\"asr\"," : ""
    return "{\"baseUrl\":\"\(path)\",\"name\":{\"simpleText\":\"\(name)\"},\"vssId\":\".x\","
      + kind + "\"languageCode\":\"\(language)\",\"isTranslatable\":true}"
  }

  /// A watch page: the player's object among other scripts, with braces and quotes inside strings.
  private static func page(
    _ tracks: [String], status: String = "{\"status\":\"OK\"}", preferred: Int? = nil
  ) -> String {
    let audio =
      preferred.map {
        ",\"audioTracks\":[{\"captionTrackIndices\":[0],\"defaultCaptionTrackIndex\":\($0)}],"
          + "\"defaultAudioTrackIndex\":0"
      } ?? ""
    let captions =
      tracks.isEmpty
      ? ""
      : ",\"captions\":{\"playerCaptionsTracklistRenderer\":{\"captionTracks\":["
        + tracks.joined(separator: ",") + "]\(audio)}}"
    return """
      <!DOCTYPE html><html><head><title>Brakes - YouTube</title>
      <script>if (window.ytInitialPlayerResponse) { go("{"); }</script></head><body>
      <script nonce="a">var ytInitialPlayerResponse = {"responseContext":{"x":"}; {\\" \\\\"},\
      "playabilityStatus":\(status)\(captions),"videoDetails":{"videoId":"\(id)","title":"Brakes \
      \\u0026 wheels"}};var meta = document.createElement('meta');</script></body></html>
      """
  }

  private static let timedText =
    "<?xml version=\"1.0\" encoding=\"utf-8\" ?><transcript><text start=\"1.2\" dur=\"3\">Don&amp;#39;t "
    + "brake.</text></transcript>"

  private struct Result {
    var page: Page?
    var bytes: [UInt8] = []
    var document: Receipt.Document?
    var retry: (reason: String, notBefore: Int?, message: String)?
    var asked: [String] = []
  }

  /// What comes of a video.
  ///
  /// - Parameter answers: by what the address holds, the first that fits.
  private func fetch(
    _ location: Source.Location? = nil, name: String = "video",
    _ answers: [(String, Site.Answer)]
  ) async throws -> Result {
    let site = Site { address, _ in
      answers.first { address.contains($0.0) }?.1 ?? Site.Answer(status: 404, body: "no")
    }
    let folder = try TemporaryFolder()
    let stage = FetchStage(
      data: folder.path, transport: site.transport, settings: FetchSettings(hostDelay: .zero))
    let source = Source(
      source: SourceID(unchecked: "s"), document: DocumentID(unchecked: "d"),
      location: location ?? .video(url: Self.watch, captions: nil, language: nil), name: name)
    let outcome = try await stage.process([source], of: CrawlRun.envelope).first
    var result = Result(asked: site.requests)
    switch outcome {
    case .done(let pages, let documents, _, _):
      result.page = pages.first
      result.document = documents.first
      if let content = pages.first?.content {
        result.bytes = try DirectoryBlobs(data: folder.path).get(content)
      }
    case .retry(let reason, let message, let notBefore): result.retry = (reason, notBefore, message)
    default: break
    }
    return result
  }

  private func fetch(_ answers: [(String, Site.Answer)]) async throws -> Result {
    try await fetch(nil, answers)
  }

  private static func html(_ body: String) -> Site.Answer { Site.Answer(body: body) }
  private static let captions = Site.Answer(
    headers: ["Content-Type": "text/xml; charset=UTF-8"], body: timedText)

  @Test func `a video becomes its captions, title and language`() async throws {
    let result = try await fetch([
      ("timedtext", Self.captions),
      ("watch", Self.html(Self.page([Self.track("en-GB", "English")]))),
    ])
    let page = try #require(result.page)
    #expect(page.title == "Brakes & wheels")
    #expect(page.language == "en-GB")
    #expect(page.uri == Self.watch)
    #expect(result.bytes == Array(Self.timedText.utf8))
    #expect(result.document?.message == nil)
    #expect(
      result.asked == [
        Self.watch, "https://www.youtube.com/api/timedtext?v=\(Self.id)&lang=en-GB",
      ])
  }

  @Test(arguments: [
    ("https://youtu.be/dQw4w9WgXcQ?t=30", true),
    ("https://m.youtube.com/watch?v=dQw4w9WgXcQ", true),
    ("https://www.youtube.com/watch?list=PL1&v=dQw4w9WgXcQ#x", true),
    ("https://www.youtube.com/shorts/dQw4w9WgXcQ", true),
    ("https://www.youtube-nocookie.com/embed/dQw4w9WgXcQ?rel=0", true),
    ("https://www.youtube.com/live/dQw4w9WgXcQ", true),
    ("https://www.youtube.com/@channel", false), ("https://www.youtube.com/watch?v=short", false),
    ("https://notyoutube.com/watch?v=dQw4w9WgXcQ", false),
    ("https://youtube.com.example/watch?v=dQw4w9WgXcQ", false),
  ])
  func `all addresses of a video are one`(_ address: String, _ isVideo: Bool) async throws {
    #expect(VideoAddress(address)?.watchPage == (isVideo ? Self.watch : nil))
    guard isVideo else { return }
    // Given as a page it is a video all the same.
    let result = try await fetch(
      .web(url: address),
      [("timedtext", Self.captions), ("watch", Self.html(Self.page([Self.track("en", "E")])))])
    #expect(result.page?.uri == Self.watch)
  }

  private static let many = [
    track("de", "Deutsch"), track("en", "English (auto)", isAutomatic: true),
    track("en", "English"), track("pt-BR", "Português"), track("fr", "Fr", isAutomatic: true),
  ]

  @Test(arguments: [
    (nil, nil, "lang=de", false), (nil, 2, "lang=en", false), (nil, 1, "lang=de", false),
    ("en", nil, "lang=en", false), ("pt", nil, "lang=pt-BR", false),
    ("fr-CA", nil, "lang=fr", true), ("DE", nil, "lang=de", false),
  ])
  func `captions are chosen by language, people's before a machine's`(
    _ language: String?, _ preferred: Int?, _ asked: String, _ isAutomatic: Bool
  ) async throws {
    let result = try await fetch(
      .video(url: Self.watch, captions: nil, language: language),
      [
        ("timedtext", Self.captions),
        ("watch", Self.html(Self.page(Self.many, preferred: preferred))),
      ])
    #expect(result.asked.last?.hasSuffix(asked) == true)
    // What a machine wrote is marked, for the owner and for whoever reads a citation.
    #expect((result.document?.message != nil) == isAutomatic)
    #expect(result.page?.title?.hasSuffix("(automatic captions)") == isAutomatic)
  }

  @Test func `any page with a video has its tracks read`() async throws {
    let body = """
      <html><head><title>Talk</title></head><body><video src=a.mp4><track kind=metadata src=m.vtt>
      <track kind=subtitles srclang=de src="talk.de.vtt"><track kind=captions srclang=en default
      src="/subs/talk.en.vtt"></video></body></html>
      """
    let vtt = Site.Answer(
      headers: ["Content-Type": "text/vtt"], body: "WEBVTT\n\n00:01.000 --> 00:02.000\nHi\n")
    let answers = [(".vtt", vtt), ("/talks/1", Self.html(body))]
    let address = Site.origin + "/talks/1"
    let plain = try await fetch(.video(url: address, captions: nil, language: nil), answers)
    #expect(plain.asked == ["/talks/1", "/subs/talk.en.vtt"])
    #expect(plain.page?.title == "Talk")
    #expect(plain.page?.uri == address)
    let german = try await fetch(.video(url: address, captions: nil, language: "de"), answers)
    #expect(german.asked.last == "/talks/talk.de.vtt")
  }

  private static let ok = page([track("en", "English")])

  @Test(arguments: [
    ("watch page is gone", Site.Answer(status: 404), captions, "http_404", "Watch page: "),
    ("no video", html("<p>Hello"), captions, "no_video", "Watch page: "),
    (
      "no page", Site.Answer(headers: ["Content-Type": "image/png"], body: "x"), captions,
      "no_video", "Watch page: "
    ),
    (
      "consent", html("<form action=\"https://consent.youtube.com/save\"><button>Accept"), captions,
      "consent_page", "Watch page: "
    ),
    (
      "player's object cut", html("<script>var ytInitialPlayerResponse = {\"a\": {\"b\":"),
      captions,
      "video_unread", "Watch page: "
    ),
    (
      "player's object changed",
      html("<script>var ytInitialPlayerResponse = {\"playabilityStatus\": 7};</script>"), captions,
      "video_unread", "Watch page: "
    ),
    (
      "bot check",
      html(
        page(
          [],
          status:
            "{\"status\":\"LOGIN_REQUIRED\",\"reason\":\"Sign in to confirm you're not a bot\"}")),
      captions, "bot_check", "Watch page: "
    ),
    (
      "age",
      html(page([], status: "{\"status\":\"LOGIN_REQUIRED\",\"reason\":\"Confirm your age\"}")),
      captions, "login_wall", "Watch page: "
    ),
    (
      "removed", html(page([], status: "{\"status\":\"ERROR\",\"reason\":\"Video unavailable\"}")),
      captions, "video_gone", "Video unavailable"
    ),
    (
      "not played", html(page([], status: "{\"status\":\"UNPLAYABLE\"}")), captions,
      "video_refused",
      "Watch page: "
    ),
    ("no captions", html(page([])), captions, "no_captions", "Caption tracks: "),
    (
      "no address", html(page([track("en", "English", address: "")])), captions, "video_unread",
      "Caption tracks: "
    ),
    (
      "strange address", html(page([track("en", "English", address: "javascript:x")])), captions,
      "video_unread", "Timed text: "
    ),
    (
      "nothing", html(ok), Site.Answer(headers: ["Content-Type": "text/html"]), "captions_refused",
      "Timed text: "
    ),
    ("a page instead", html(ok), html("<html>Sorry"), "captions_refused", "Timed text: "),
    ("forbidden", html(ok), Site.Answer(status: 403), "http_403", "Timed text: "),
  ])
  func `each failure says at which step it came and what to do`(
    _ what: String, _ watch: Site.Answer, _ captions: Site.Answer, _ reason: String,
    _ words: String
  ) async throws {
    let result = try await fetch([("timedtext", captions), ("watch", watch)])
    #expect(result.page == nil)
    #expect(result.document?.outcome == .gone)
    #expect(result.document?.reason == reason, "\(what)")
    #expect(result.document?.message?.contains(words) == true, "\(what)")
    #expect(
      result.document?.message?.contains("add") == true
        || result.document?.message?.contains("check") == true, "\(what)")
  }

  @Test func `a language that is not there names those that are`() async throws {
    let result = try await fetch(
      .video(url: Self.watch, captions: nil, language: "ja"),
      [("watch", Self.html(Self.page(Self.many)))])
    #expect(result.document?.reason == "no_captions")
    #expect(result.document?.message?.contains("de, en, fr, pt-BR") == true)
  }

  @Test func `a site that wants patience is asked again later`() async throws {
    let busy = Site.Answer(status: 429, headers: ["Retry-After": "120"])
    let watch = try await fetch([("watch", busy)])
    #expect(watch.retry?.reason == "http_429")
    #expect(watch.retry?.notBefore == 120_000)
    let timed = try await fetch([("timedtext", busy), ("watch", Self.html(Self.ok))])
    #expect(timed.retry?.message.hasPrefix("Timed text: ") == true)
    let down = try await fetch([("watch", Site.Answer(status: 0))])
    #expect(down.retry?.reason == "connection")
  }

  @Test func `an owner's captions need no site`() async throws {
    let folder = try TemporaryFolder()
    let path = folder.path + "/talk.srt"
    try Data("1\n00:00:01,000 --> 00:00:02,000\nHi\n".utf8).write(to: URL(filePath: path))
    let result = try await fetch(
      .video(url: "https://youtu.be/\(Self.id)", captions: path, language: nil), name: "My talk", []
    )
    #expect(result.asked.isEmpty)
    #expect(result.page?.uri == Self.watch)
    #expect(result.page?.title == "My talk")
    #expect(result.page?.mediaType == "text/x-transcript")
  }
}
