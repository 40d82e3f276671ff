// Our few static files, from memory, each with an ETag.

import HTTPTypes
import Hummingbird

/// `/assets/{version}/…`.
struct AssetController: Sendable {
  let pages: @Sendable () throws -> PageSet

  func addRoutes(to routes: inout RouteTable, _ access: Accesses) {
    routes.add(
      Route(
        .get, "/assets/{version}/{name}", "A style, script or picture of the pages.",
        answers: [.media(Assets.types), .empty(304, "Not changed.")]),
      for: access.any
    ) { call, _ in
      let assets = try pages().assets
      guard let asset = assets[try call.parameter("name")] else { throw AppError.notFound }
      // The bytes of another version are not ours to give: an old page asks again soon.
      let isThis = try call.parameter("version") == assets.version
      let headers: HTTPFields = [
        .contentType: asset.type, .eTag: asset.tag,
        .cacheControl: isThis ? "public, max-age=31536000, immutable" : "no-cache",
      ]
      if call.request.headers[.ifNoneMatch] == asset.tag {
        return Response(status: .notModified, headers: headers)
      }
      return Response(status: .ok, headers: headers, body: ResponseBody(byteBuffer: asset.body))
    }
  }
}
