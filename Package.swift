// swift-tools-version: 6.2
//
// The package reads as the arrow diagram of Sources/README.md: `library(name, arrows)` and `tool(name, arrows)`.

import PackageDescription

let settings: [SwiftSetting] = [
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .enableUpcomingFeature("InternalImportsByDefault"),
]

/// Libraries are optimised in debug builds too, but for App.
///
/// Text is read scalar by scalar, and the tests read much of it: the gate's take a sixth of the time. No check goes by
/// that; there is no `assert` in them. App has no such loops, and alone it would make a first build minutes longer.
let optimised = settings + [.unsafeFlags(["-O"], .when(configuration: .debug))]

/// A library of ours and what it may import.
func library(_ name: String, _ arrows: [Target.Dependency], exclude: [String] = []) -> Target {
  .target(name: name, dependencies: arrows, exclude: exclude, swiftSettings: optimised)
}

/// An executable: arguments and wiring only.
func tool(_ name: String, _ arrows: [Target.Dependency]) -> Target {
  .executableTarget(name: name, dependencies: arrows, swiftSettings: settings)
}

/// The tests of one target, or of several together.
func tests(_ name: String, _ arrows: [Target.Dependency]) -> Target {
  .testTarget(name: name, dependencies: arrows, swiftSettings: settings)
}

/// A C library of the system, found through pkg-config.
func system(_ name: String, pkgConfig: String? = nil, apt: String) -> Target {
  .systemLibrary(name: name, pkgConfig: pkgConfig, providers: [.apt([apt])])
}

let arguments: Target.Dependency = .product(
  name: "ArgumentParser", package: "swift-argument-parser")

let package = Package(
  name: "bobbin",
  dependencies: [
    // Arguments of all executables: help, completion and exit codes as people expect them.
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    // Rows: SQLite with migrations, a writer queue and typed access.
    .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
    // The HTTP server: light, structured concurrency. Without its traits, which we do not use.
    .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1", traits: []),
    // HTML pages: escaping by default.
    .package(url: "https://github.com/hummingbird-project/swift-mustache", from: "2.1.1"),
    // Hummingbird's own logging, typed headers and service life cycle, named because App speaks them.
    .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0"),
    .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
    .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
    // The parts of a request as Hummingbird's channels carry them: slow clients are told by them; and a server that ends in good
    // order.
    .package(url: "https://github.com/apple/swift-nio-extras", from: "1.35.2"),
    .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
  ],
  targets: [
    // Layer 0: C libraries, values, the shard file.
    system("CZstd", apt: "libzstd-dev"),
    system("CCurl", pkgConfig: "libcurl", apt: "libcurl4-openssl-dev"),
    system("CXML2", pkgConfig: "libxml-2.0", apt: "libxml2-dev"),
    system("CPoppler", pkgConfig: "poppler-glib", apt: "libpoppler-glib-dev"),
    system("CArchive", pkgConfig: "libarchive", apt: "libarchive-dev"),
    system("COpenSSL", pkgConfig: "libcrypto", apt: "libssl-dev"),
    system("CStemmer", apt: "libstemmer-dev"),
    // Optimised in debug builds too: a forward pass at -O0 takes seconds.
    .target(
      name: "CKernels",
      cSettings: [.unsafeFlags(["-O3"], .when(configuration: .debug))]),
    // Calls that Glibc's module hides behind _GNU_SOURCE.
    .target(name: "CLinux"),
    system("CCrypt", apt: "libcrypt-dev"),
    system("CZlib", apt: "zlib1g-dev"),
    library("AnswerGuard", []),
    library("Billing", ["COpenSSL"]),
    library("Corpus", []),
    library("Faults", []),
    library(
      "VectorShard", ["CKernels", "CZstd", "CStemmer", "COpenSSL", "Faults"], exclude: ["FORMAT.md"]
    ),

    // Layer 1.
    library("Spool", ["CLinux", "CZstd", "COpenSSL", "Faults"]),
    library("WebClient", ["CCurl"]),
    library("Markup", ["CXML2"]),
    library("Packing", ["CZlib"]),
    library("Extraction", ["Corpus", "Markup", "CPoppler", "CArchive"]),
    library("Embedding", ["WebClient", "CKernels", "COpenSSL"]),
    library("Storage", ["Corpus", .product(name: "GRDB", package: "GRDB.swift")]),
    library("BlobStore", ["Corpus", "Spool"]),

    // Layer 2: the writing half, a library per stage.
    library("StageCommand", ["Corpus", "Spool", "BlobStore", arguments]),
    library(
      "FetchStage", ["Corpus", "Spool", "BlobStore", "WebClient", "Markup", "Packing"]),
    library("ExtractStage", ["Corpus", "Spool", "BlobStore", "Extraction"]),
    library("ChunkStage", ["Corpus", "Spool"]),
    library("EmbedStage", ["Corpus", "Spool", "BlobStore", "Embedding"]),
    library("IndexStage", ["Corpus", "Spool", "BlobStore", "VectorShard"]),
    // Layer 2: the reading half.
    library(
      "Answering", ["AnswerGuard", "Corpus", "Embedding", "VectorShard", "WebClient"],
      exclude: ["THRESHOLD.md"]),
    .target(
      name: "Evaluation",
      dependencies: ["AnswerGuard", "Answering", "Corpus", "Embedding", "VectorShard"],
      exclude: ["EVALUATION.md"],
      // The attack suite, in the binary: an owner runs it without a file.
      resources: [.embedInCode("Resources")], swiftSettings: optimised),
    .target(
      name: "App",
      dependencies: [
        "AnswerGuard", "Answering", "Billing", "BlobStore", "CCrypt", "CLinux", "COpenSSL",
        "Corpus", "Embedding", "Evaluation", "Packing", "Spool",
        "Storage",
        "VectorShard", "WebClient", arguments,
        .product(name: "HTTPTypes", package: "swift-http-types"),
        .product(name: "Hummingbird", package: "hummingbird"),
        .product(name: "HummingbirdCore", package: "hummingbird"),
        .product(name: "Logging", package: "swift-log"),
        .product(name: "Mustache", package: "swift-mustache"),
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "NIOExtras", package: "swift-nio-extras"),
        .product(name: "NIOHTTP1", package: "swift-nio"),
        .product(name: "NIOHTTPTypes", package: "swift-nio-extras"),
        .product(name: "NIOHTTPTypesHTTP1", package: "swift-nio-extras"),
        .product(name: "NIOPosix", package: "swift-nio"),
        .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
        .product(name: "UnixSignals", package: "swift-service-lifecycle"),
      ],
      exclude: ["SECURITY.md"],
      // A few kB of templates, styles and scripts, in the binary: one file to copy.
      resources: [.embedInCode("Resources")], swiftSettings: settings),

    // Layer 3: arguments and wiring.
    tool(
      "bobbin-fetch",
      ["CLinux", "Corpus", "FetchStage", "Spool", "StageCommand", "WebClient", arguments]),
    tool("bobbin-extract", ["BlobStore", "ExtractStage", "Extraction", "StageCommand", arguments]),
    tool("bobbin-chunk", ["ChunkStage", "StageCommand", "Embedding", arguments]),
    tool(
      "bobbin-embed",
      ["BlobStore", "EmbedStage", "StageCommand", "Embedding", "WebClient", arguments]),
    tool("bobbin-index", ["BlobStore", "IndexStage", "StageCommand", arguments]),
    tool("bobbin-serve", ["App", arguments]),
    tool(
      "bobbin",
      [
        "Answering", "App", "Corpus", "Embedding", "Evaluation", "Spool", "StageCommand", "Storage",
        "VectorShard",
        arguments,
      ]),

    // Tests, and what they share.
    .target(
      name: "TestSupport", path: "Tests/TestSupport", swiftSettings: settings),
    tests("AnswerGuardTests", ["AnswerGuard"]),
    tests(
      "AnsweringTests",
      [
        "AnswerGuard", "Answering", "ChunkStage", "Corpus", "Embedding", "Extraction",
        "TestSupport", "VectorShard", "WebClient",
      ]),
    tests(
      "AppTests",
      [
        "Answering", "App", "Billing", "Corpus", "Spool", "Storage", "TestSupport", "WebClient",
        .product(name: "HTTPTypes", package: "swift-http-types"),
        .product(name: "Hummingbird", package: "hummingbird"),
        .product(name: "Logging", package: "swift-log"),
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "NIOEmbedded", package: "swift-nio"),
        .product(name: "NIOHTTPTypes", package: "swift-nio-extras"),
      ]),
    tests("ArchitectureTests", []),
    tests("BillingTests", ["Billing", "TestSupport"]),
    tests("BlobStoreTests", ["BlobStore", "Corpus", "TestSupport"]),
    tests("ChunkStageTests", ["ChunkStage", "Corpus"]),
    tests(
      "EmbedStageTests", ["BlobStore", "Corpus", "EmbedStage", "Embedding", "Spool", "TestSupport"]),
    tests("EmbeddingTests", ["CKernels", "Embedding", "WebClient"]),
    tests("EndToEndTests", ["Billing", "Spool", "TestSupport", "WebClient"]),
    tests(
      "EvaluationTests",
      [
        "AnswerGuard", "Answering", "Corpus", "Embedding", "Evaluation", "TestSupport",
        "VectorShard",
      ]),
    tests(
      "FetchStageTests",
      ["BlobStore", "Corpus", "FetchStage", "Spool", "TestSupport", "WebClient"]),
    tests("ExtractStageTests", ["Corpus", "ExtractStage", "Extraction"]),
    tests("ExtractionTests", ["Corpus", "Extraction"]),
    tests(
      "IndexStageTests",
      ["BlobStore", "Corpus", "Extraction", "IndexStage", "Spool", "TestSupport", "VectorShard"]),
    tests("MarkupTests", ["Markup"]),
    tests("SpoolTests", ["Spool"]),
    tests("StageCommandTests", ["Spool", "StageCommand", "TestSupport"]),
    tests(
      "StorageTests",
      ["Corpus", "Storage", "TestSupport", .product(name: "GRDB", package: "GRDB.swift")]),
    tests("VectorShardTests", ["CKernels", "VectorShard"]),
    tests("WebClientTests", ["TestSupport", "WebClient"]),
  ]
)

// The benchmark's own executable, built by `make bench` alone: nothing that the main job needs waits for it.
if Context.environment["BOBBIN_BENCH"] != nil {
  package.targets.append(
    tool(
      "bobbin-bench",
      [
        "AnswerGuard", "Answering", "ChunkStage", "Corpus", "Embedding", "Spool", "VectorShard",
        arguments,
      ]))
}
