// Videos through the real executables: a site that behaves as a video site does, captions that it refuses, and the second that an
// answer leads to.

import Foundation
import TestSupport
import Testing

@Suite(.serialized) struct VideoTests {
  /// A watch page whose player is told of captions at `timedtext`.
  private static func watchPage(_ title: String, _ timedtext: String) -> String {
    """
    <!DOCTYPE html><html><head><title>\(title) - Videos</title></head><body><script>var \
    ytInitialPlayerResponse = {"playabilityStatus":{"status":"OK"},"captions":{"playerCaptionsTrack\
    listRenderer":{"captionTracks":[{"baseUrl":"\(timedtext)","languageCode":"en","kind":"asr",\
    "name":{"simpleText":"English (auto-generated)"}}]}},"videoDetails":{"title":"\(title)"}};\
    </script></body></html>
    """
  }

  private static func server() throws -> LoopbackServer {
    try LoopbackServer { request, connection in
      func send(_ type: String, _ body: String) {
        connection.respond(200, ["Content-Type: \(type)"], body: Array(body.utf8))
      }
      switch request.path {
      case "/watch?v=brakes":
        send("text/html", watchPage("Brakes", "/api/timedtext?v=brakes\\u0026lang=en"))
      case "/api/timedtext?v=brakes&lang=en":
        send(
          "text/xml; charset=UTF-8",
          "<?xml version=\"1.0\" encoding=\"utf-8\" ?><transcript>"
            + "<text start=\"1.5\" dur=\"4\">Welcome to the workshop of Fernwheel.</text>"
            + "<text start=\"75.2\" dur=\"5\">A brake cable is tightened with a five millimetre "
            + "key.</text></transcript>")
      // What YouTube does to servers: a page, and captions that are empty.
      case "/watch?v=refused":
        send("text/html", watchPage("Gears", "/api/timedtext?v=refused"))
      case "/api/timedtext?v=refused": send("text/html", "")
      default: connection.respond(404)
      }
    }
  }

  @Test func `an answer leads to the second of a video at which it was said`() async throws {
    let server = try Self.server()
    let bobbin = try Installation()
    let result = try await bobbin.ingest(
      "talks", [server.url("/watch?v=brakes"), server.url("/watch?v=refused")], ["--video"],
      environment: ["BOBBIN_ALLOWED_HOSTS": server.hostAndPort])
    #expect(
      result.report.outcomes == [
        server.url("/watch?v=brakes"): "live",
        server.url("/watch?v=refused"): "captions_refused",
      ], "\(result.errors)")
    let refused = result.report.documents.first { $0.reason == "captions_refused" }
    #expect(refused?.message?.hasPrefix("Timed text: ") == true)
    let (_, answer) = try await bobbin.ask("talks", "Which key tightens a brake cable?")
    #expect(answer.message.contains("five millimetre"))
    // The fragment is the standard's; YouTube's own addresses have it in their query.
    #expect(answer.sources.first?.url == server.url("/watch?v=brakes") + "#t=75")
    #expect(answer.sources.first?.title == "Brakes (automatic captions)")
    // What its site refuses its owner has.
    let captions = try bobbin.folder.write(
      "1\n00:00:03,000 --> 00:00:05,000\nShift while you pedal lightly.\n", "gears.srt")
    let again = try await bobbin.ingest(
      "talks", [server.url("/watch?v=refused")], ["--captions", captions])
    #expect(again.report.outcomes[server.url("/watch?v=refused")] == "live", "\(again.errors)")
    let (_, gears) = try await bobbin.ask("talks", "When do I shift gears? Do I pedal lightly?")
    #expect(gears.sources.contains { $0.url == server.url("/watch?v=refused") + "#t=3" })
  }

  @Test func `captions of a video on YouTube are cited there`() async throws {
    let bobbin = try Installation()
    let captions = try bobbin.folder.write(
      """
      WEBVTT

      01:02.000 --> 01:05.000
      A flat tyre is mended with a patch.
      """, "talk.vtt")
    let result = try await bobbin.ingest(
      "talks", ["https://youtu.be/dQw4w9WgXcQ?t=9"], ["--captions", captions])
    #expect(result.report.documents.map(\.state) == ["live"], "\(result.errors)")
    let (_, answer) = try await bobbin.ask("talks", "How is a flat tyre mended?")
    #expect(
      answer.sources.first?.url == "https://www.youtube.com/watch?v=dQw4w9WgXcQ&t=62",
      "\(answer.message)")
    let wrong = try await bobbin.tool("bobbin").run(
      ["ingest", "talks", captions, "--captions", captions])
    #expect(wrong.exitCode == 64)
    #expect(wrong.errors.contains("named by its URL"))
  }
}
