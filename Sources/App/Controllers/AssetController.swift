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
      return asset.response(
        to: call.request,
        caching: isThis ? "public, max-age=31536000, immutable" : "no-cache")
    }
  }
}
