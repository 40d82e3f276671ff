// Our few static files, from memory, with an ETag made once at start.

import HTTPTypes
import Hummingbird
import Spool

/// `/assets/…`.
struct AssetController: Sendable {
  private struct Asset: Sendable {
    let body: ByteBuffer
    let type: String
    let tag: String
  }

  private let assets: [String: Asset]

  init() {
    func asset(_ bytes: [UInt8], _ type: String) -> Asset {
      Asset(
        body: ByteBuffer(bytes: bytes), type: type,
        tag: "\"\(SHA256Digest(of: bytes).hexDigits.prefix(16))\"")
    }
    assets = [
      "app.css": asset(PackageResources.app_css, "text/css; charset=utf-8"),
      "account.js": asset(PackageResources.account_js, "text/javascript; charset=utf-8"),
      "chat.js": asset(PackageResources.chat_js, "text/javascript; charset=utf-8"),
      "icon.svg": asset(PackageResources.icon_svg, "image/svg+xml"),
    ]
  }

  func addRoutes(to routes: inout RouteTable, _ access: Accesses) {
    routes.add(
      Route(
        .get, "/assets/{name}", "A style, script or picture of the pages.",
        answers: [
          .media(["text/css", "text/javascript", "image/svg+xml"]), .empty(304, "Not changed."),
        ]),
      for: access.any
    ) { call, _ in
      guard let asset = assets[try call.parameter("name")] else { throw AppError.notFound }
      let headers: HTTPFields = [
        .contentType: asset.type, .eTag: asset.tag, .cacheControl: "public, max-age=3600",
      ]
      if call.request.headers[.ifNoneMatch] == asset.tag {
        return Response(status: .notModified, headers: headers)
      }
      return Response(
        status: .ok, headers: headers, body: ResponseBody(byteBuffer: asset.body))
    }
  }
}
