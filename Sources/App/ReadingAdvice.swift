// What helps when an address was not read: a sentence for the owner of the site or of the chatbot. The pages have their own words
// (words.js); these stand in reports.

/// Remedies by reason.
package enum ReadingAdvice {
  /// What to do; nil when nothing is to be done.
  package static func remedy(_ reason: String) -> String? {
    switch reason {
    case "robots":
      "If the page shall be read, allow it in the site's robots.txt, for the user agent Bobbin."
    case "robots_unreachable":
      "The site's robots.txt must answer, if only with 404; then train again."
    case "noindex": "If the page shall be read, take noindex out of it."
    case "bot_check": "Let Bobbin pass the site's bot protection, or add the page as a file."
    case "login_wall", "http_401": "Add the page's content as a file."
    case "http_403": "Let Bobbin pass, or add the page's content as a file."
    case "js_shell":
      "Give the address of a version that is there without scripts, or add the content as a file."
    case "soft_404", "http_404", "http_410":
      "Correct the link that leads there; a page that is gone leaves the chatbot by itself."
    case "too_many_redirects":
      "Open the address in a browser and correct the link to where it ends up."
    case "redirect_out": "If that site shall be read, add it as a source of its own."
    case "feed": "Add it with `--sitemap`, or as the pages of a sitemap or feed."
    case "no_sitemap":
      "Name the sitemap in robots.txt, give its address as the source, or follow links instead."
    case "broken_sitemap": "Let the site's system make its sitemap again."
    case "unsupported": "Add its content in a form that is read: PDF, Word, HTML or text."
    case "too_large": "Split it into smaller parts."
    case "no_text": "If it is scanned, run text recognition on it first and add it as a file."
    case "crashed":
      "Add the page's content as a file, and tell the operator of this server its address."
    case "crawl_broken":
      "The crawl broke off there; what was read before is kept. `bobbin spool ls --stage fetch` shows the "
        + "item, `bobbin spool retry` goes on with it; training again begins anew."
    case "encrypted": "Put a version without a password in its place."
    case "tls": "The site's certificate must be put right."
    case "blocked", "bad_url": "Check how the address is written; it must be a public one."
    case "no_video": "Check the address, or add the video's captions as a file."
    case "video_unread", "video_refused", "captions_refused", "consent_page":
      "Add the video's captions as a file: .srt, .vtt, or a transcript as .txt."
    case "video_gone": "Check the address; if the video is gone, remove the source."
    case "no_captions": "Add the video's transcript as a file or as text."
    case "plan_limit": "Take something out, or choose a larger plan."
    case "redirected", "canonical", "duplicate", "near_duplicate", "sitemap", "unchanged",
      "crawl_delay":
      nil
    case "timeout", "connection", "http_408", "http_429":
      "It is asked again by itself; if it goes on, ask the site's operator."
    case let status where status.hasPrefix("http_5"):
      "It is asked again by itself; if it goes on, ask the site's operator."
    default: "Open the address in a browser and check it."
    }
  }
}
