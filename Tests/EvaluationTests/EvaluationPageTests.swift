import Evaluation
import Foundation
import Testing

@Suite struct EvaluationPageTests {
  @Test func `text of documents and questions is text on the page`() async throws {
    let shard = try await TestShard([
      ("terms", "<img src=x>.md", ["The <script>alert('deposit')</script> costs & \"lasts\" long."])
    ])
    let report = try await shard.report([
      GoldenQuestion(
        question: "What costs the <b>deposit</b>?", history: ["</details>"], sources: ["<i>"],
        expected: "\"'&")
    ])
    let page = EvaluationPage(report).html
    for raw in ["<script", "<img", "<b>deposit", "<i>", "</details>&", "src=x>"] {
      #expect(!page.contains(raw), "\(raw)")
    }
    #expect(page.contains("What costs the &lt;b&gt;deposit&lt;/b&gt;?"))
    #expect(page.contains("&quot;&#39;&amp;") && page.contains("&lt;img src=x&gt;.md"))
  }

  @Test func `failed questions come first, open, with what was found instead`() async throws {
    let shard = try await TestShard.usual()
    let report = try await shard.report([
      GoldenQuestion(question: "How high is the harbour tower?", sources: ["tower.md"]),
      GoldenQuestion(question: "What is the deposit for a bicycle?", expected: "two hundred"),
    ])
    let page = EvaluationPage(report).html
    let failed = try #require(page.range(of: "What is the deposit"))
    let good = try #require(page.range(of: "How high is"))
    #expect(failed.lowerBound < good.lowerBound)
    #expect(page.contains("<details open><summary><span class=\"wrong\">"))
    #expect(page.contains("<b>Found</b>") && page.contains("one hundred euros"))
    #expect(page.contains("prefers-color-scheme:dark") && !page.contains("<link"))
  }

  @Test(arguments: [(0.5, "0.500"), (1, "1.000"), (0.0004, "0.000"), (0.9996, "1.000")])
  func `figures have three digits`(value: Double, text: String) {
    #expect(Measure.text(value) == text)
  }

  @Test func `what was not measured is a dash`() { #expect(Measure.text(nil) == "–") }
}
