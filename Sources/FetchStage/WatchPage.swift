// What the page that plays a video says of it: its title, whether it plays at all, and which captions there are. Two kinds of
// page are understood: YouTube's, whose player is told so in a JSON object inside a script, and any page with a `video` element
// and its `track` elements (HTML Living Standard, section 4.8.11.1).
//
// YouTube documents none of this; the field names are those that its own player reads. What is missing is named, so that a
// change on their side is seen as one.

import FoundationEssentials
import Markup

/// A video's page as far as captions go.
struct WatchPage {
  /// Captions in one language.
  struct Track: Equatable {
    /// As written: may be relative.
    let address: String
    /// BCP 47; "" where the page does not say.
    let language: String
    /// What people call it.
    let name: String
    /// Whether a machine wrote them.
    let isAutomatic: Bool
    /// Whether the page shows them unasked.
    let isDefault: Bool
  }

  /// Why there is nothing to choose from, with the step at which it was seen.
  struct Refusal: Error, Equatable {
    let reason: String
    let message: String
  }

  let title: String?
  let tracks: [Track]

  /// Reads the page.
  static func read(_ html: [UInt8], _ page: HTMLPage) -> Result<WatchPage, Refusal> {
    switch playerResponse(in: html) {
    case .found(let json): return player(json, page)
    case .broken:
      return .failure(
        Refusal(
          reason: "video_unread",
          message: "Watch page: what it tells its player breaks off; add the captions as a file."))
    case .absent: break
    }
    if isConsent(html) {
      return .failure(
        Refusal(
          reason: "consent_page",
          message:
            "Watch page: the site asks for consent to cookies before it shows the video; add the "
            + "captions as a file."))
    }
    guard page.nodes.contains(where: { $0.tag == .video }) else {
      return .failure(
        Refusal(
          reason: "no_video",
          message: "Watch page: no video was found in it; check the address, or add the captions "
            + "as a file."))
    }
    return .success(
      WatchPage(title: page.meta(property: "og:title") ?? page.title, tracks: elements(page)))
  }

  /// Chooses captions: those that people wrote before a machine's, in the language wanted, else the page's own choice.
  ///
  /// - Parameter language: BCP 47; nil for whichever the page would show.
  func choose(_ language: String?) -> Result<Track, Refusal> {
    guard !tracks.isEmpty else {
      return .failure(
        Refusal(
          reason: "no_captions",
          message: "Caption tracks: the video has none; add its transcript as a file or as text."))
    }
    guard let language else {
      let best =
        tracks.first { $0.isDefault && !$0.isAutomatic } ?? tracks.first { !$0.isAutomatic }
        ?? tracks.first { $0.isDefault } ?? tracks[0]
      return .success(best)
    }
    let wanted = language.lowercased()
    let primary = wanted.prefix { $0 != "-" }
    let exact = tracks.filter { $0.language.lowercased() == wanted }
    let near = tracks.filter { $0.language.lowercased().prefix { $0 != "-" } == primary }
    for found in [exact, near] {
      if let track = found.first(where: { !$0.isAutomatic }) { return .success(track) }
    }
    if let track = exact.first ?? near.first { return .success(track) }
    let languages = Set(tracks.map(\.language)).sorted().prefix(20).joined(separator: ", ")
    return .failure(
      Refusal(
        reason: "no_captions",
        message: "Caption tracks: there are none in \(language), only in \(languages); choose one "
          + "of these, or add a transcript."))
  }

  // MARK: Any page

  private static func elements(_ page: HTMLPage) -> [Track] {
    page.nodes.compactMap { node in
      guard node.tag == .track, let address = node[.source], !address.isEmpty,
        ["captions", "subtitles"].contains(node[.kind]?.lowercased() ?? "subtitles")
      else { return nil }
      let language = node[.srclang] ?? ""
      return Track(
        address: address, language: language, name: node[.label] ?? language, isAutomatic: false,
        isDefault: node[.default] != nil)
    }
  }

  private static func isConsent(_ html: [UInt8]) -> Bool {
    [UInt8](html.prefix(200_000)).firstRange(of: Array("https://consent.".utf8)) != nil
  }

  // MARK: YouTube's

  private enum Found {
    case absent, broken
    case found([UInt8])
  }

  /// The object that is assigned to the name by which the player knows it.
  private static func playerResponse(in html: [UInt8]) -> Found {
    let name = Array("ytInitialPlayerResponse".utf8)
    var from = html.startIndex
    while let range = html[from...].firstRange(of: name) {
      from = range.upperBound
      let rest = html[from...].drop { [0x20, 0x22, 0x27, 0x5D].contains($0) }
      guard rest.first == UInt8(ascii: "=") || rest.first == UInt8(ascii: ":") else { continue }
      let value = rest.dropFirst().drop { $0 <= 0x20 }
      guard value.first == UInt8(ascii: "{") else { continue }
      return object(value).map { .found($0) } ?? .broken
    }
    return .absent
  }

  /// A JSON object from its first brace to the one that closes it; nil when none does.
  private static func object(_ bytes: ArraySlice<UInt8>) -> [UInt8]? {
    var depth = 0
    var isQuoted = false
    var isEscaped = false
    for (index, byte) in zip(bytes.indices, bytes) {
      if isQuoted {
        if isEscaped {
          isEscaped = false
        } else if byte == UInt8(ascii: "\\") {
          isEscaped = true
        } else if byte == UInt8(ascii: "\"") {
          isQuoted = false
        }
        continue
      }
      switch byte {
      case UInt8(ascii: "\""): isQuoted = true
      case UInt8(ascii: "{"): depth += 1
      case UInt8(ascii: "}"):
        depth -= 1
        if depth == 0 { return Array(bytes[...index]) }
      default: break
      }
    }
    return nil
  }

  /// The fields that are read of the player's object.
  private struct Player: Decodable {
    struct Playability: Decodable {
      let status: String?
      let reason: String?
    }
    struct Details: Decodable { let title: String? }
    struct Captions: Decodable { let playerCaptionsTracklistRenderer: List? }
    struct List: Decodable {
      let captionTracks: [Caption]?
      let audioTracks: [Audio]?
      let defaultAudioTrackIndex: Int?
    }
    struct Audio: Decodable { let defaultCaptionTrackIndex: Int? }
    struct Caption: Decodable {
      let baseUrl: String?
      let languageCode: String?
      let kind: String?
      let name: Text?
    }
    struct Text: Decodable {
      struct Run: Decodable { let text: String? }
      let simpleText: String?
      let runs: [Run]?
    }

    let playabilityStatus: Playability?
    let videoDetails: Details?
    let captions: Captions?
  }

  private static func player(
    _ json: [UInt8], _ page: HTMLPage
  ) -> Result<WatchPage, Refusal> {
    let player: Player
    do {
      player = try JSONDecoder().decode(Player.self, from: Data(json))
    } catch {
      return .failure(
        Refusal(
          reason: "video_unread",
          message: "Watch page: what it tells its player cannot be read; add the captions as a "
            + "file."))
    }
    if let refusal = refusal(player.playabilityStatus) { return .failure(refusal) }
    let list = player.captions?.playerCaptionsTracklistRenderer
    let audio = list?.audioTracks ?? []
    let chosen = list?.defaultAudioTrackIndex ?? 0
    let preferred = audio.indices.contains(chosen) ? audio[chosen].defaultCaptionTrackIndex : nil
    let captions = list?.captionTracks ?? []
    let tracks = captions.enumerated().compactMap { index, caption -> Track? in
      guard let address = caption.baseUrl, !address.isEmpty else { return nil }
      let language = caption.languageCode ?? ""
      let name =
        caption.name?.simpleText ?? caption.name?.runs?.compactMap(\.text).joined() ?? language
      return Track(
        address: address, language: language, name: name, isAutomatic: caption.kind == "asr",
        isDefault: index == preferred)
    }
    if tracks.isEmpty, !captions.isEmpty {
      return .failure(
        Refusal(
          reason: "video_unread",
          message: "Caption tracks: they are named without an address; add the captions as a file.")
      )
    }
    return .success(WatchPage(title: player.videoDetails?.title ?? page.title, tracks: tracks))
  }

  /// What the player is told instead of a video.
  private static func refusal(_ playability: Player.Playability?) -> Refusal? {
    guard let status = playability?.status, status != "OK" else { return nil }
    let why = (playability?.reason).map { ": \($0.prefix(200))" } ?? ""
    let isBotCheck = playability?.reason?.lowercased().contains("bot") ?? false
    let reason =
      switch status {
      case "LOGIN_REQUIRED": isBotCheck ? "bot_check" : "login_wall"
      case "ERROR": "video_gone"
      default: "video_refused"
      }
    return Refusal(
      reason: reason,
      message: "Watch page: the site does not play the video\(why). If it is yours, add its "
        + "captions as a file.")
  }
}
