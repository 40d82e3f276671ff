// What travels with a request through middleware and handlers.

import Hummingbird

/// The context of one request.
struct AppRequestContext: RequestContext {
  var coreContext: CoreRequestContextStorage

  init(source: Source) { coreContext = .init(source: source) }

  /// Bytes of a JSON body, checked before it is buffered.
  var maxUploadSize: Int { ChatController.bodyLimit }
}
