// swift-tools-version: 6.2
import PackageDescription

let strict: [SwiftSetting] = [
  .treatAllWarnings(as: .error),
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .enableUpcomingFeature("InternalImportsByDefault"),
]

let argumentParser = Target.Dependency.product(
  name: "ArgumentParser", package: "swift-argument-parser")
let crypto = Target.Dependency.product(name: "Crypto", package: "swift-crypto")
let cryptoExtras = Target.Dependency.product(name: "CryptoExtras", package: "swift-crypto")
let grdb = Target.Dependency.product(name: "GRDB", package: "GRDB.swift")
let sqlite = Target.Dependency.product(name: "GRDBSQLite", package: "GRDB.swift")
let hummingbird = Target.Dependency.product(name: "Hummingbird", package: "hummingbird")
let log = Target.Dependency.product(name: "Logging", package: "swift-log")
let nioEmbedded = Target.Dependency.product(name: "NIOEmbedded", package: "swift-nio")
let mustache = Target.Dependency.product(name: "Mustache", package: "swift-mustache")
let yams = Target.Dependency.product(name: "Yams", package: "Yams")

let package = Package(
  name: "klantreis",
  platforms: [.macOS(.v15)],
  products: [
    .executable(name: "klantreis", targets: ["klantreis"]),
    // For Benchmarks, which is a package of its own.
    .library(name: "KlantreisEngine", targets: ["CustomerJourney", "JourneyEngine", "Insights"]),
    .library(name: "KlantreisCollector", targets: ["CustomerJourney", "Collector", "Store"]),
    .library(name: "KlantreisOrchestration", targets: ["CustomerJourney", "Orchestration"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
    .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
    .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
    .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
    .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1"),
    .package(url: "https://github.com/hummingbird-project/swift-mustache", from: "2.1.1"),
    .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
  ],
  targets: [
    .target(
      name: "CustomerJourney", dependencies: [yams],
      resources: [
        .embedInCode("Models/stdc.yaml"), .embedInCode("Models/five-a.yaml"),
        .embedInCode("Models/ten-phases.yaml"),
      ], swiftSettings: strict),
    .target(
      name: "JourneyEngine", dependencies: ["CustomerJourney"], swiftSettings: strict),
    .target(
      name: "Insights", dependencies: ["CustomerJourney", "JourneyEngine"],
      swiftSettings: strict),
    .systemLibrary(
      name: "CArchive", pkgConfig: "libarchive", providers: [.apt(["libarchive-dev"])]),
    .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
    .systemLibrary(
      name: "CMaxMindDB", pkgConfig: "libmaxminddb", providers: [.apt(["libmaxminddb-dev"])]),
    .target(name: "CSimdjson", linkerSettings: [.linkedLibrary("simdjson")]),
    .target(
      name: "Collector",
      dependencies: [
        "CustomerJourney", "CArchive", "CMaxMindDB", "CSimdjson", "CZlib", crypto, yams,
      ], resources: [.embedInCode("Tracker/klantreis.js")], swiftSettings: strict),
    .systemLibrary(name: "CRename"),
    .systemLibrary(name: "CSodium", pkgConfig: "libsodium", providers: [.apt(["libsodium-dev"])]),
    .target(
      name: "Access", dependencies: ["CustomerJourney", "CSodium", crypto], swiftSettings: strict),
    .target(
      name: "Store", dependencies: ["CustomerJourney", "Access", crypto, grdb, sqlite],
      swiftSettings: strict),
    .systemLibrary(
      name: "CCurl", pkgConfig: "libcurl", providers: [.apt(["libcurl4-openssl-dev"])]),
    .target(
      name: "Orchestration",
      dependencies: [
        "CustomerJourney", "JourneyEngine", "Access", "CCurl", crypto, cryptoExtras, yams,
      ],
      resources: [
        .embedInCode("Content/BuiltIn/basket.yaml"),
        .embedInCode("Plays/BuiltIn/abandoned-basket.yaml"),
        .embedInCode("Plays/BuiltIn/browse.yaml"),
        .embedInCode("Plays/BuiltIn/order-service.yaml"),
        .embedInCode("Plays/BuiltIn/referral.yaml"),
        .embedInCode("Plays/BuiltIn/reorder.yaml"),
        .embedInCode("Plays/BuiltIn/review.yaml"),
        .embedInCode("Plays/BuiltIn/welcome.yaml"),
        .embedInCode("Plays/BuiltIn/win-back.yaml"),
        .embedInCode("Plays/Contents/basket-1.yaml"),
        .embedInCode("Plays/Contents/basket-2.yaml"),
        .embedInCode("Plays/Contents/basket-3.yaml"),
        .embedInCode("Plays/Contents/browse-1.yaml"),
        .embedInCode("Plays/Contents/order-1.yaml"),
        .embedInCode("Plays/Contents/order-2.yaml"),
        .embedInCode("Plays/Contents/referral-1.yaml"),
        .embedInCode("Plays/Contents/reorder-1.yaml"),
        .embedInCode("Plays/Contents/review-1.yaml"),
        .embedInCode("Plays/Contents/welcome-1.yaml"),
        .embedInCode("Plays/Contents/welcome-2.yaml"),
        .embedInCode("Plays/Contents/win-back-1.yaml"),
        .embedInCode("Plays/Contents/win-back-2.yaml"),
      ],
      swiftSettings: strict),
    .target(name: "Simulator", dependencies: ["CustomerJourney"], swiftSettings: strict),
    .target(
      name: "Dashboard",
      dependencies: ["CustomerJourney", "Access", "JourneyEngine", "Insights", mustache],
      resources: [
        .embedInCode("Assets/klantreis.css"),
        .embedInCode("Assets/klantreis.js"),
        .embedInCode("Assets/favicon.svg"),
        .embedInCode("Templates/account.mustache"),
        .embedInCode("Templates/accounttabs.mustache"),
        .embedInCode("Templates/activity.mustache"),
        .embedInCode("Templates/code.mustache"),
        .embedInCode("Templates/formtoken.mustache"),
        .embedInCode("Templates/login.mustache"),
        .embedInCode("Templates/tokens.mustache"),
        .embedInCode("Templates/users.mustache"),
        .embedInCode("Templates/welcome.mustache"),
        .embedInCode("Templates/play.mustache"),
        .embedInCode("Templates/plays.mustache"),
        .embedInCode("Templates/taskcard.mustache"),
        .embedInCode("Templates/bars.mustache"),
        .embedInCode("Templates/customers.mustache"),
        .embedInCode("Templates/filter.mustache"),
        .embedInCode("Templates/funnel.mustache"),
        .embedInCode("Templates/identity.mustache"),
        .embedInCode("Templates/imported.mustache"),
        .embedInCode("Templates/layout.mustache"),
        .embedInCode("Templates/liverow.mustache"),
        .embedInCode("Templates/map.mustache"),
        .embedInCode("Templates/message.mustache"),
        .embedInCode("Templates/messages.mustache"),
        .embedInCode("Templates/contents.mustache"),
        .embedInCode("Templates/mail.mustache"),
        .embedInCode("Templates/pager.mustache"),
        .embedInCode("Templates/paths.mustache"),
        .embedInCode("Templates/phase.mustache"),
        .embedInCode("Templates/preview.mustache"),
        .embedInCode("Templates/segment.mustache"),
        .embedInCode("Templates/segments.mustache"),
        .embedInCode("Templates/source.mustache"),
        .embedInCode("Templates/sources.mustache"),
        .embedInCode("Templates/suggestions.mustache"),
        .embedInCode("Templates/timeline.mustache"),
        .embedInCode("Templates/transitions.mustache"),
        .embedInCode("Templates/upload.mustache"),
        .embedInCode("Templates/traits.mustache"),
        .embedInCode("Templates/calculated.mustache"),
        .embedInCode("Templates/accountcard.mustache"),
        .embedInCode("Templates/company.mustache"),
        .embedInCode("Templates/companies.mustache"),
        .embedInCode("Templates/companyleads.mustache"),
        .embedInCode("Templates/consentcard.mustache"),
        .embedInCode("Templates/messagecard.mustache"),
        .embedInCode("Templates/preferences.mustache"),
        .embedInCode("Templates/privacy.mustache"),
        .embedInCode("Templates/erase.mustache"),
        .embedInCode("Templates/records.mustache"),
        .embedInCode("Templates/export.mustache"),
      ], swiftSettings: strict),
    // Takes the place of the C library's malloc, for SQLite too (docs/decisions/0020).
    .systemLibrary(
      name: "CJemalloc", pkgConfig: "jemalloc", providers: [.apt(["libjemalloc-dev"])]),
    .executableTarget(
      name: "klantreis",
      dependencies: [
        "CustomerJourney", "JourneyEngine", "Insights", "Collector", "Store", "Access", "Dashboard",
        "Orchestration", "Simulator", "CJemalloc", "CRename", argumentParser, crypto, hummingbird,
        log,
      ], swiftSettings: strict),

    .testTarget(
      name: "CustomerJourneyTests", dependencies: ["CustomerJourney"], swiftSettings: strict),
    .testTarget(
      name: "JourneyEngineTests", dependencies: ["CustomerJourney", "JourneyEngine"],
      swiftSettings: strict),
    .testTarget(
      name: "InsightsTests", dependencies: ["CustomerJourney", "JourneyEngine", "Insights"],
      swiftSettings: strict),
    .testTarget(
      name: "CollectorTests", dependencies: ["CustomerJourney", "Collector"],
      exclude: ["Dialects/Golden"], swiftSettings: strict),
    .testTarget(
      name: "SimulatorTests", dependencies: ["CustomerJourney", "Simulator"],
      swiftSettings: strict),
    .testTarget(
      name: "OrchestrationTests",
      dependencies: ["CustomerJourney", "JourneyEngine", "Access", "Orchestration", crypto],
      swiftSettings: strict),
    .testTarget(
      name: "AccessTests", dependencies: ["CustomerJourney", "Access"], swiftSettings: strict),
    .testTarget(
      name: "StoreTests", dependencies: ["CustomerJourney", "Access", "Store", grdb],
      swiftSettings: strict),
    .testTarget(
      name: "DashboardTests", dependencies: ["CustomerJourney", "Access", "Insights", "Dashboard"],
      exclude: ["Golden"],
      swiftSettings: strict),
    .testTarget(
      name: "klantreisTests",
      dependencies: ["klantreis", "Access", "CJemalloc", grdb, nioEmbedded],
      swiftSettings: strict),
  ],
  swiftLanguageModes: [.v6],
  cxxLanguageStandard: .cxx17
)
