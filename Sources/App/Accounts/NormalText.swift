// One form for the same text (Unicode NFC), so that an address or a password typed on two keyboards is one.

// The standard library's own tables; Foundation's would bring 40 MB of data, GLib's a parser of documents.
@_spi(_Unicode) import Swift

extension String {
  /// In Unicode's normalization form C.
  var precomposed: String {
    var scalars = UnicodeScalarView()
    scalars.append(contentsOf: _nfc)
    return String(scalars)
  }

  /// As an e-mail address is stored and looked up: trimmed, lower case, NFC.
  package var normalizedEmail: String {
    var text = self[...]
    while text.first?.isWhitespace == true { text = text.dropFirst() }
    while text.last?.isWhitespace == true { text = text.dropLast() }
    return text.lowercased().precomposed
  }
}
