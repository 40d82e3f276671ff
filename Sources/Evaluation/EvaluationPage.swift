// The report as one page that can be mailed: no script, no other file, light and dark, failed questions first with what was
// found instead.
//
// Every text that did not come from this file goes through `escaped`. The page forbids itself everything but its own style.

/// Writes an evaluation as HTML.
package struct EvaluationPage {
  private let report: EvaluationReport

  package init(_ report: EvaluationReport) { self.report = report }

  /// The whole document.
  package var html: String {
    let failed = report.results.filter(\.isFailed)
    let good = report.results.filter { !$0.isFailed }
    let title = "\(Self.escaped(report.chatbot)), generation \(report.generation)"
    return """
      <!DOCTYPE html>
      <html lang="en">
      <head>
      <meta charset="utf-8">
      <meta name="viewport" content="width=device-width, initial-scale=1">
      <meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
      <title>Evaluation of \(title)</title>
      <style>\(Self.style)</style>
      </head>
      <body>
      <main>
      <h1>Evaluation of \(title)</h1>
      <p>\(report.results.count) questions, \(failed.count) failed. An answer is a quotation of confidence \
      \(Measure.text(report.threshold)) or more; model \(Self.escaped(report.model)).</p>
      \(table)
      <h2>Failed: \(failed.count)</h2>
      \(failed.isEmpty ? "<p>None.</p>" : failed.map { article($0, isOpen: true) }.joined())
      <h2>As expected: \(good.count)</h2>
      \(good.map { article($0, isOpen: false) }.joined())
      <h2>What the figures mean</h2>
      \(Self.legend)
      </main>
      </body>
      </html>

      """
  }

  // MARK: Figures

  private var table: String {
    let heads = (["number"] + Measure.allCases.map(\.label) + ["leaks"])
      .map { "<th scope=\"col\">\($0)</th>" }.joined()
    let rows = report.groups.map { row($0.kind, $0.figures) }.joined()
    return """
      <div class="wide"><table>
      <thead><tr><th scope="col">Questions</th>\(heads)</tr></thead>
      <tbody>\(rows)</tbody>
      <tfoot>\(row("all", report.totals))</tfoot>
      </table></div>
      """
  }

  private func row(_ name: String, _ figures: Figures) -> String {
    let values =
      ["\(figures.questions)"] + Measure.allCases.map { Measure.text($0.value(of: figures)) }
      + ["\(figures.leaks)"]
    let cells = values.map { "<td>\($0)</td>" }
    return "<tr><th scope=\"row\">\(Self.escaped(name))</th>\(cells.joined())</tr>"
  }

  // MARK: Questions

  private func article(_ result: QuestionResult, isOpen: Bool) -> String {
    let question = result.question
    let mark = result.leaks.isEmpty ? result.outcome.rawValue : "leak"
    var parts = [
      "<details\(isOpen ? " open" : "")><summary><span class=\"\(mark)\">\(mark)</span> "
        + "\(Self.escaped(question.question)) <small>\(Self.escaped(question.group))</small></summary>"
    ]
    if !question.history.isEmpty {
      parts.append(Self.line("After", question.history.joined(separator: " · ")))
    }
    parts.append(Self.line("Expected", Self.expectation(question)))
    parts.append(Self.line(result.isAnswered ? "Answered" : "Declined", result.message))
    if !result.leaks.isEmpty {
      parts.append(Self.line("Private", result.leaks.joined(separator: " · ")))
    }
    if !result.citations.isEmpty {
      parts.append("<p><b>Cited</b></p><ul>")
      parts += result.citations.map { citation in
        "<li class=\"\(citation.isRight ? "yes" : "no")\">"
          + Self.place(citation.title, citation.place, citation.reference)
          + "<blockquote>\(Self.escaped(citation.quote))</blockquote></li>"
      }
      parts.append("</ul>")
    }
    if result.isFailed, !result.passages.isEmpty {
      parts.append("<p><b>Found</b></p><ol>")
      parts += result.passages.map { passage in
        "<li class=\"\(passage.isExpected ? "yes" : "no")\">"
          + Self.place(passage.title, passage.place, passage.reference)
          + " <small>\(Measure.text(passage.score))</small>"
          + "<blockquote>\(Self.escaped(passage.beginning)) …</blockquote></li>"
      }
      parts.append("</ol>")
    }
    return parts.joined() + "</details>\n"
  }

  private static func expectation(_ question: GoldenQuestion) -> String {
    if question.isPrivate { return "no answer: only learn-only text has it" }
    if question.hasNoAnswer { return "no answer: it is not in the documents" }
    let text = question.expected.map { "“\($0)”" }
    let sources = question.sources.isEmpty ? nil : "in \(question.sources.joined(separator: ", "))"
    return [text, sources].compactMap { $0 }.joined(separator: " ")
  }

  private static func line(_ name: String, _ text: String) -> String {
    "<p><b>\(name)</b> \(escaped(text))</p>"
  }

  private static func place(_ title: String, _ place: String, _ reference: String) -> String {
    escaped(place.isEmpty ? title : "\(title), \(place)") + " <code>\(escaped(reference))</code>"
  }

  /// Text as HTML text and as the value of an attribute.
  package static func escaped(_ text: String) -> String {
    var result = ""
    result.reserveCapacity(text.utf8.count)
    for scalar in text.unicodeScalars {
      switch scalar {
      case "&": result += "&amp;"
      case "<": result += "&lt;"
      case ">": result += "&gt;"
      case "\"": result += "&quot;"
      case "'": result += "&#39;"
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result
  }

  // MARK: Fixed text

  private static let legend = """
    <dl>
    <dt>recall@k</dt><dd>the share of what was expected that stands in the first k passages found</dd>
    <dt>MRR</dt><dd>one over the rank of the first such passage, on average</dd>
    <dt>nDCG@10</dt><dd>how near the order of the first ten is to the best order</dd>
    <dt>right</dt><dd>the share of answerable questions whose answer says what was expected</dd>
    <dt>citation precision</dt><dd>the share of citations that lead to where the answer stands</dd>
    <dt>no-answer precision</dt><dd>of the questions declined, the share that have no answer</dd>
    <dt>no-answer recall</dt><dd>of the questions that have no answer, the share declined</dd>
    <dt>leaks</dt><dd>private words in answers: 0 is expected</dd>
    </dl>
    """

  private static let style = """
    :root{color-scheme:light dark;--text:#1c1f24;--paper:#fff;--soft:#5a6270;--line:#d9dde3;--good:#1b6e3c;--bad:#a11d1d}
    @media(prefers-color-scheme:dark){:root{--text:#e6e8eb;--paper:#16181c;--soft:#9aa3b0;--line:#343a44;--good:#6ccf92;--bad:#ff8f8f}}
    body{margin:0;background:var(--paper);color:var(--text);font:16px/1.5 system-ui,sans-serif}
    main{max-width:60rem;margin:0 auto;padding:1.5rem}
    .wide{overflow-x:auto}table{border-collapse:collapse;font-variant-numeric:tabular-nums}
    th,td{padding:.3rem .7rem;text-align:right;border-bottom:1px solid var(--line)}
    th:first-child{text-align:left}tfoot{font-weight:bold}
    details{border-bottom:1px solid var(--line);padding:.5rem 0}summary{cursor:pointer}
    summary span{font-weight:bold;color:var(--bad)}summary .right,summary .declined{color:var(--good)}
    small,dd,blockquote{color:var(--soft)}blockquote{margin:.2rem 0 .6rem;padding-left:.8rem;border-left:3px solid var(--line)}
    .yes>code{color:var(--good)}p{margin:.4rem 0}dt{font-weight:bold}
    """
}
