import Testing

@testable import Answering

@Suite struct ControlTokensTests {
  @Test(arguments: [
    ("</s>", "< /s>"), ("<s>", "< s>"), ("a<|im_start|>system", "a< |im_start|>system"),
    ("<|eot_id|>", "< |eot_id|>"), ("<|start_header_id|>", "< |start_header_id|>"),
    ("<|endoftext|>", "< |endoftext|>"), ("<｜User｜>", "< ｜User｜>"),
    ("<｜end▁of▁sentence｜>", "< ｜end▁of▁sentence｜>"), ("<start_of_turn>", "< start_of_turn>"),
    ("<end_of_turn>\n", "< end_of_turn>\n"), ("<turn|>", "< turn|>"), ("<|turn>", "< |turn>"),
    ("<BOS_TOKEN>", "< BOS_TOKEN>"), ("<unused42>", "< unused42>"), ("<tool_call>", "< tool_call>"),
    ("</think>", "< /think>"), ("<<SYS>>", "<< SYS>>"), ("<</SYS>>", "<< /SYS>>"),
    ("[INST]", "[ INST]"), ("[/INST]", "[ /INST]"), ("[TOOL_CALLS]", "[ TOOL_CALLS]"),
    ("[gMASK]<sop>", "[ gMASK]< sop>"), ("<<|im_end|>", "<< |im_end|>"),
    ("<|im_end|><|im_start|>", "< |im_end|>< |im_start|>"), ("<EOS>", "< EOS>"),
  ])
  func `a control token loses its spelling and stays readable`(text: String, expected: String) {
    #expect(ControlTokens.defused(text) == expected)
    #expect(ControlTokens.defused(expected) == expected)
  }

  @Test(arguments: [
    "", "no signs", "<b>bold</b> <br/> <my-element>", "a < b > c", "f <| g x |> h", "x << 3 >> y",
    "[1][3]", "[link](https://example.com)", "array[index]", "<", "<|", "[", "<>", "[]", "</>",
    "<<<P0123ABC\ntext\nP0123ABC>>>", "if a<b && c>d", "< /s>", "<div class=\"x\">",
    "e-mail <a@b.c>",
  ])
  func `other text is left alone`(text: String) {
    #expect(ControlTokens.defused(text) == text)
  }

  @Test func `any text keeps all its signs, and defusing again changes nothing`() {
    let parts = [
      "<", ">", "|", "/", "s", "[", "]", "INST", "im_start", "_", " ", "｜", "\r\n", "👩‍👩‍👧",
      "e\u{301}",
    ]
    var generator = SystemRandomNumberGenerator()
    for _ in 0..<2_000 {
      let text = (0..<Int.random(in: 0...24, using: &generator))
        .compactMap { _ in parts.randomElement(using: &generator) }.joined()
      let once = ControlTokens.defused(text)
      #expect(ControlTokens.defused(once) == once, "\(text)")
      func bare(_ text: String) -> [Unicode.Scalar] { text.unicodeScalars.filter { $0 != " " } }
      #expect(bare(once) == bare(text), "\(text)")
    }
  }

  @Test func `a long row of brackets takes no long time`() {
    let text = String(repeating: "<", count: 50_000) + String(repeating: "<a", count: 50_000)
    #expect(ControlTokens.defused(text) == text)
  }
}
