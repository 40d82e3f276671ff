// The element names that mean something to Bobbin. Anything else is `.other` and treated like a `span`.

/// The kind of a node.
package enum HTMLTag: String, CaseIterable, Sendable {
  /// A run of text.
  case text = "#text"
  /// The node above everything.
  case root = "#root"
  /// An element outside this table.
  case other = "#other"
  case html, head, body, title, base, meta, link, style, script, noscript, template
  case article, section, nav, aside, header, footer, main, address, hgroup, search
  case h1, h2, h3, h4, h5, h6
  case p, div, center, blockquote, pre, hr, br, wbr, figure, figcaption, details, summary, dialog
  case ol, ul, li, dl, dt, dd, menu, dir
  case table, caption, thead, tbody, tfoot, tr, th, td, colgroup, col
  case a, abbr, b, bdo, big, cite, code, del, dfn, em, font, i, ins, kbd, mark, q, rp, rt, ruby, s
  case samp, small, span, strike, strong, sub, sup, time, tt, u
  case `var`
  case form, fieldset, legend, label, input, button, select, option, optgroup, textarea
  case img, picture, svg, math, canvas, iframe, object, embed, video, audio, track, map, frameset
  case frame, noframes, noembed, xmp, plaintext, listing, marquee

  /// 1 to 6 for `h1` to `h6`, nil otherwise.
  package var headingLevel: Int? {
    switch self {
    case .h1: 1
    case .h2: 2
    case .h3: 3
    case .h4: 4
    case .h5: 5
    case .h6: 6
    default: nil
    }
  }

  /// Whether the element's text stands in the line of its surroundings.
  package var isInline: Bool {
    switch self {
    case .text, .other, .a, .abbr, .b, .bdo, .big, .cite, .code, .del, .dfn, .em, .font, .i, .ins,
      .kbd, .mark, .q, .rp, .rt, .ruby, .s, .samp, .small, .span, .strike, .strong, .sub, .sup,
      .time, .tt, .u, .var, .label, .img, .picture, .wbr, .br, .button, .svg, .math, .map, .input:
      true
    default: false
    }
  }

  /// Whether the element never has text a reader sees.
  package var isInvisible: Bool {
    switch self {
    case .head, .title, .base, .meta, .link, .style, .script, .template, .svg, .canvas, .iframe,
      .object, .embed, .video, .audio, .map, .frameset, .frame, .noembed, .input, .select, .option,
      .optgroup, .textarea, .colgroup, .col, .img, .hr:
      true
    default: false
    }
  }
}
