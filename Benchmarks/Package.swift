// swift-tools-version: 6.2
import PackageDescription

// What is `package` in the program is open to the benchmarks as well, by compiling them under the
// program's package name: that of its folder.
let folder = Context.packageDirectory.split(separator: "/").dropLast().last ?? "klantreis"
let program = folder.lowercased()
let packageName = String(program.map { $0.isLetter || $0.isNumber ? $0 : "_" })

let asTheProgram: [SwiftSetting] = [
  .unsafeFlags(["-package-name", packageName]),
  .enableUpcomingFeature("MemberImportVisibility"),
]

let package = Package(
  name: "benchmarks",
  platforms: [.macOS(.v15)],
  dependencies: [.package(path: "..")],
  targets: [
    .systemLibrary(
      name: "CSQLite", pkgConfig: "sqlite3", providers: [.apt(["libsqlite3-dev"])]),
    .systemLibrary(name: "CEpoll"),
    // Speaks to the program from outside, as clients do; with `--inside` measures its stages.
    .executableTarget(
      name: "CollectorBench",
      dependencies: ["CEpoll", "CSQLite", .product(name: "KlantreisCollector", package: program)],
      packageAccess: false, swiftSettings: asTheProgram),
    // How long a start takes, and what it holds.
    .executableTarget(
      name: "BaseBench",
      dependencies: [.product(name: "KlantreisEngine", package: program)],
      packageAccess: false, swiftSettings: asTheProgram),
    // How many mails one core composes.
    .executableTarget(
      name: "MailBench",
      dependencies: [.product(name: "KlantreisOrchestration", package: program)],
      packageAccess: false, swiftSettings: asTheProgram),
    .executableTarget(
      name: "JourneyBench",
      dependencies: [.product(name: "KlantreisEngine", package: program)],
      packageAccess: false, swiftSettings: asTheProgram),
  ],
  swiftLanguageModes: [.v6]
)
