import Foundation
import Testing

@testable import Orchestration

/// What a play brings beside its holdout.
@Suite struct LiftTests {
  private static var file: URL {
    let shared =
      ProcessInfo.processInfo.environment["KLANTREIS_SHARED"].map { URL(filePath: $0) }
      ?? URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
      .appending(path: "shared")
    return shared.appending(path: "data/hillstrom/hillstrom.csv")
  }
  private static var isThere: Bool { FileManager.default.fileExists(atPath: file.path()) }

  /// Groups of the trial by what they were sent, and by which column counts as converted.
  private static func groups(_ column: Int) throws -> [String: Lift.Group] {
    var groups: [String: Lift.Group] = [:]
    for line in try String(contentsOf: file, encoding: .utf8).split(whereSeparator: \.isNewline)
      .dropFirst()
    {
      // Counted from the end: a quoted field before has a comma in it.
      let fields = Array(line.split(separator: ",").suffix(4))
      let spend = (Double(fields[3]) ?? 0) * 100
      groups[String(fields[0]), default: .init()].add(fields[column] == "1" ? spend : nil)
    }
    return groups
  }

  @Test(
    "A published trial of 64,000 customers comes out as pandas and the literature have it",
    .enabled(if: isThere, "the folder shared/data is not beside this checkout"),
    arguments: [
      (
        "Mens E-Mail", 0.076_589_563_651_531_25, 0.006_805_006_519_615_695, 0.769_827_155_894_536_7,
        0.145_246_560_248_676_86
      ),
      (
        "Womens E-Mail", 0.045_233_106_587_052_985, 0.003_111_057_511_085_258,
        0.424_412_215_936_596_6, 0.130_332_858_529_191_16
      ),
    ])
  func hillstrom(arm: String, visit: Double, conversion: Double, spend: Double, error: Double)
    throws
  {
    for (column, expected) in [(1, visit), (2, conversion)] {
      let groups = try Self.groups(column)
      let lift = Lift(
        treated: try #require(groups[arm]), heldOut: try #require(groups["No E-Mail"]))
      let interval = try #require(lift.conversion)
      #expect(abs(interval.estimate - expected) < 1e-12)
      #expect(interval.low > 0 && interval.low < expected && interval.high > expected)
      #expect(lift.verdict == .more)
    }
    let groups = try Self.groups(2)
    let lift = Lift(
      treated: try #require(groups[arm]), heldOut: try #require(groups["No E-Mail"]))
    let value = try #require(lift.valuePerCustomer)
    #expect(abs(value.estimate / 100 - spend) < 1e-9)
    #expect(abs((value.high - value.estimate) / 100 - 1.959_964 * error) < 1e-4)
  }

  @Test("The interval is Newcombe's, by the example of his paper")
  func newcombe() throws {
    // Table II, row 1 of Newcombe 1998: 56/70 and 48/80 give 0.0524 to 0.3339.
    let lift = Lift(
      treated: .init(customers: 70, converted: 56), heldOut: .init(customers: 80, converted: 48))
    let interval = try #require(lift.conversion)
    #expect(abs(interval.estimate - 0.2) < 1e-12)
    #expect(abs(interval.low - 0.0524) < 5e-5)
    #expect(abs(interval.high - 0.3339) < 5e-5)
  }

  @Test(
    "It says when it is too early, and when a difference may be chance",
    arguments: [
      (99, 50, 100, 10, Lift.Verdict.tooEarly), (100, 5, 100, 4, .tooEarly),
      (0, 0, 500, 50, .tooEarly),
      (1_000, 60, 1_000, 50, .noDifference), (1_000, 100, 1_000, 50, .more),
      (1_000, 50, 1_000, 100, .fewer),
    ])
  func verdicts(
    treated: Int, bought: Int, heldOut: Int, boughtAnyway: Int, verdict: Lift.Verdict
  ) {
    let lift = Lift(
      treated: .init(customers: treated, converted: bought),
      heldOut: .init(customers: heldOut, converted: boughtAnyway))
    #expect(lift.verdict == verdict)
  }
}
