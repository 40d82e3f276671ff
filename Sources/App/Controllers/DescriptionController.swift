// What the server says of itself: its routes as OpenAPI, and what each problem means.

import HTTPTypes
import Hummingbird
import NIOCore

/// `/openapi.json` and `/problems/{code}`.
struct DescriptionController: Sendable {
  let publicURL: String

  /// Added last: it describes the routes before it, and itself.
  func addRoutes(to routes: inout RouteTable, _ access: Accesses) {
    routes.add(
      Route(
        .get, "/problems/{code}", "What a problem's code means.",
        answers: [.media(["text/plain"])]),
      for: access.any,
      { call, _ in
        guard let code = ProblemCode(rawValue: try call.parameter("code")) else {
          throw AppError.notFound
        }
        let parts = code.parts
        return Self.text("\(parts.title) (\(parts.status.code))\n\n\(parts.detail)\n")
      })
    let own = Route(
      .get, "/openapi.json", "This description.", answers: [.media(["application/json"])])
    let all = routes.routes + [own.with(.any)]
    // One buffer, shared by all who ask for it.
    let document = ByteBuffer(
      bytes: JSONText.encode(OpenAPIDocument.json(all, server: publicURL)))
    routes.add(own, for: access.any) { _, _ in
      Response(
        status: .ok,
        headers: [.contentType: "application/json", .cacheControl: "no-cache"],
        body: ResponseBody(byteBuffer: document))
    }
  }

  private static func text(_ text: String) -> Response {
    Response(
      status: .ok,
      headers: [.contentType: "text/plain; charset=utf-8", .cacheControl: "public, max-age=3600"],
      body: ResponseBody(byteBuffer: ByteBuffer(string: text)))
  }
}
