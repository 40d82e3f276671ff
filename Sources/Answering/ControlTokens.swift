// Keeps text from speaking as a model's own control tokens.
//
// Several servers read `</s>`, `<|im_start|>` and their like in a message's text as the tokens that part messages, so a
// passage or a visitor could end its own message and begin one of the system's. A space after the first sign leaves the text
// readable and takes the token's spelling away. Other tags, and `<|` of a program, stay as they are; a placeholder such as
// `<host_name>` is taken for a token, since vocabularies have many of that form.

/// The spellings of control tokens, in prompts.
package enum ControlTokens {
  /// The longest spelling looked for, brackets included.
  private static let longest = 80

  /// Names between angle brackets, `</…>` too, besides those known by their form.
  private static let names: Set<String> = [
    "s", "unk", "pad", "bos", "eos", "eot", "eod", "eop", "sop", "mask", "cls", "sep", "sys",
    "think", "tools",
  ]
  /// Names between square brackets, `[/…]` too.
  private static let squareNames: Set<String> = [
    "inst", "gmask", "smask", "mask", "cls", "sep", "pad", "unk", "bos", "eos", "img", "img_break",
    "img_end", "prefix", "middle", "suffix", "think", "args", "call_id", "audio", "begin_audio",
    "transcribe", "tool_calls", "tool_content", "tool_results", "available_tools", "system_prompt",
    "model_settings",
  ]

  /// The text with every control token's spelling broken by a space after its bracket.
  ///
  /// Text without any comes back as it is; doing it twice changes nothing more.
  ///
  /// - Complexity: one pass, with a look ahead of at most 80 scalars at a bracket.
  package static func defused(_ text: String) -> String {
    guard text.utf8.contains(where: { $0 == UInt8(ascii: "<") || $0 == UInt8(ascii: "[") }) else {
      return text
    }
    let scalars = Array(text.unicodeScalars)
    var defused = String.UnicodeScalarView()
    for (index, scalar) in scalars.enumerated() {
      defused.append(scalar)
      if isToken(scalars[index...].prefix(longest)) { defused.append(" ") }
    }
    return String(defused)
  }

  /// Whether a control token begins here.
  private static func isToken(_ scalars: ArraySlice<Unicode.Scalar>) -> Bool {
    let close: Unicode.Scalar
    switch scalars.first {
    case "<": close = ">"
    case "[": close = "]"
    default: return false
    }
    let rest = scalars.dropFirst()
    guard
      let end = rest.firstIndex(where: {
        $0 == close || $0 == "<" || $0 == "[" || $0.properties.isWhitespace
      }), rest[end] == close
    else { return false }
    var inner = rest[..<end]
    if close == ">", let first = inner.first, let last = inner.last, isBar(first) || isBar(last) {
      return true
    }
    if inner.first == "/" { inner = inner.dropFirst() }
    let name = String(String.UnicodeScalarView(inner)).lowercased()
    guard close == ">" else { return squareNames.contains(name) }
    return names.contains(name) || isMadeUp(name)
  }

  /// `|` and the full-width one of some vocabularies.
  private static func isBar(_ scalar: Unicode.Scalar) -> Bool {
    scalar == "|" || scalar == "\u{FF5C}"
  }

  /// Names that no markup has: `start_of_turn`, `EOS_TOKEN`, `unused12`, with `▁` for `_` in some.
  private static func isMadeUp(_ name: String) -> Bool {
    let isName = name.unicodeScalars.allSatisfy {
      $0.properties.isAlphabetic || ("0"..."9").contains($0) || $0 == "_" || $0 == "\u{2581}"
        || $0 == ":" || $0 == "-"
    }
    guard isName else { return false }
    return name.contains("_") || name.contains("\u{2581}")
      || name.hasPrefix("unused") && name.dropFirst(6).allSatisfy(\.isNumber)
  }
}
