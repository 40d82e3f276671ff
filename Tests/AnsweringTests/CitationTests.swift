import Corpus
import FoundationEssentials
import Testing

@testable import Answering

@Suite struct CitationTests {
  struct LinkCase: Sendable {
    var uri: String
    var type = "text/html"
    var page: Int?
    var second: Int?
    var quote = "Paid leave is 28 days."
    var url: String?
  }

  static let links: [LinkCase] = [
    .init(
      uri: "https://a.example/x.pdf", type: "application/pdf", page: 5,
      url: "https://a.example/x.pdf#page=5"),
    .init(
      uri: "https://a.example/x.pdf#page=1", type: "application/pdf", page: 7,
      url: "https://a.example/x.pdf#page=7"),
    .init(uri: "https://a.example/x.pdf", type: "application/pdf", url: "https://a.example/x.pdf"),
    .init(
      uri: "https://a.example/p?q=1",
      url: "https://a.example/p?q=1#:~:text=Paid%20leave%20is%2028%20days"),
    .init(
      uri: "https://a.example/p#top",
      url: "https://a.example/p#top:~:text=Paid%20leave%20is%2028%20days"),
    .init(
      uri: "https://a.example/p#:~:text=old",
      url: "https://a.example/p#:~:text=Paid%20leave%20is%2028%20days"),
    .init(
      uri: "https://a.example/p", quote: "A-b, c & d: \"e\" é",
      url: "https://a.example/p#:~:text=A%2Db%2C%20c%20%26%20d%3A%20%22e%22%20%C3%A9"),
    .init(
      uri: "https://a.example/p", quote: "one two three four five six seven eight nine ten",
      url: "https://a.example/p#:~:text=one%20two%20three%20four%20five%20six%20seven%20eight"),
    .init(
      uri: "https://a.example/p", quote: "Part: Frame | Years: 10",
      url: "https://a.example/p#:~:text=Frame"),
    .init(uri: "https://a.example/p", quote: "…", url: "https://a.example/p"),
    .init(
      uri: "https://www.youtube.com/watch?v=abc", type: "text/vtt", second: 83,
      url: "https://www.youtube.com/watch?v=abc&t=83"),
    .init(
      uri: "https://www.youtube.com/watch?v=abc&t=5", type: "text/vtt", second: 83,
      url: "https://www.youtube.com/watch?v=abc&t=83"),
    .init(
      uri: "https://youtu.be/abc", type: "text/vtt", second: 83, url: "https://youtu.be/abc?t=83"),
    .init(
      uri: "https://video.example/talk.mp4", type: "video/mp4", second: 83,
      url: "https://video.example/talk.mp4#t=83"),
    .init(
      uri: "https://notyoutube.com/watch?v=a", type: "text/vtt", second: 3,
      url: "https://notyoutube.com/watch?v=a#t=3"),
    .init(uri: "handbook.pdf", type: "application/pdf", page: 5, url: nil),
    .init(uri: "javascript:alert(1)", url: nil),
    .init(uri: "data:text/html,x", url: nil),
    .init(uri: "https://a.example/\" onclick=\"x", url: nil),
    .init(uri: "https:///nohost", url: nil),
    .init(uri: "HTTPS://A.example/p", type: "application/msword", url: "HTTPS://A.example/p"),
  ]

  @Test(arguments: links) func `a link opens the document at the place`(_ link: LinkCase) throws {
    let passage = try citable(
      link.quote, uri: link.uri, mediaType: link.type,
      place: Place(page: link.page, second: link.second))
    #expect(Citation(n: 1, citable: passage, quote: link.quote).url == link.url)
  }

  @Test func `a citation encodes with the names of the API and a null address`() throws {
    let passage = try citable(
      "Paid leave is 28 days.", uri: "handbook.pdf", title: "Employee handbook",
      mediaType: "application/pdf", place: Place(page: 5, headingPath: ["4 Leave", "4.1 Paid"]))
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    let json = String(
      decoding: try encoder.encode(Citation(n: 2, citable: passage, quote: "28 days")),
      as: UTF8.self)
    #expect(
      json
        == #"{"n":2,"place":{"heading":"4 Leave › 4.1 Paid","page":5},"quote":"28 days","source_id":"public","title":"Employee handbook","url":null}"#
    )
  }

  @Test func `a web citation carries its fragment`() throws {
    let passage = try citable("Ring twice.", uri: "https://a.example/p", mediaType: "text/html")
    let citation = Citation(n: 1, citable: passage, quote: "Ring twice.")
    #expect(citation.place.fragment == ":~:text=Ring%20twice")
    #expect(citation.url?.hasSuffix("#:~:text=Ring%20twice") == true)
  }

  @Test func `a document without a title is called by the end of its address`() throws {
    let passage = try citable("x", uri: "https://a.example/docs/rates.html", title: " ")
    #expect(Citation(n: 1, citable: passage, quote: "x").title == "rates.html")
  }
}
