// Our few static files, from memory, with an ETag made once at start.

import HTTPTypes
import Hummingbird
import Spool

/// `/assets/…`.
struct AssetController {
  private struct Asset {
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
      "chat.js": asset(PackageResources.chat_js, "text/javascript; charset=utf-8"),
      "icon.svg": asset(PackageResources.icon_svg, "image/svg+xml"),
    ]
  }

  func addRoutes(to router: Router<AppRequestContext>) {
    router.get("assets/:name") { request, context in
      guard let asset = assets[try context.parameters.require("name")] else {
        throw AppError.notFound
      }
      let headers: HTTPFields = [
        .contentType: asset.type, .eTag: asset.tag, .cacheControl: "public, max-age=3600",
      ]
      if request.headers[.ifNoneMatch] == asset.tag {
        return Response(status: .notModified, headers: headers)
      }
      return Response(
        status: .ok, headers: headers, body: ResponseBody(byteBuffer: asset.body))
    }
  }
}
