import CustomerJourney
import Foundation
import Testing

@testable import JourneyEngine

@Suite("The base in a file")
final class BaseFileTests {
  let folder = FileManager.default.temporaryDirectory
    .appending(path: "klantreis-base-\(UUID().uuidString)")
  var url: URL { folder.appending(path: BaseFile.name) }
  let mark = StoreMark(store: -5, row: 9, rowCheck: .min, change: 3, name: 8)

  init() throws {
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(at: folder) }

  private func codes() -> NameCodes {
    var codes = NameCodes()
    codes[3] = 1
    return codes
  }

  private func write(_ journeys: Journeys) throws {
    try BaseFile.write(journeys, codes: codes(), mark: mark, to: url)
  }

  /// All facts of all journeys, in order of customer.
  private func rows(_ journeys: Journeys) -> [[String]] {
    let customers = journeys.parts.flatMap { part in
      (0..<part.table.journeyCount).filter { !part.isMasked($0) }.map { part.table.customers[$0] }
    }
    return customers.sorted().flatMap { customer in
      let journey = journeys.journey(ofCustomer: customer) ?? -1
      return journeys.rows(ofJourney: journey).map { row in
        Dimension.allCases.map { journeys.name($0, row: row) }
          + [
            "\(customer)", "\(journeys.time(row: row))", "\(journeys.value(row: row))",
            "\(journeys.rowID(row: row))",
          ]
      }
    }
  }

  @Test(
    "what is written is what was there, whatever lay over the base", arguments: testSeeds)
  func whole(seed: UInt64) throws {
    var generator = SeededGenerator(seed: seed)
    for _ in 0..<20 {
      var journeys = Journeys(
        RandomJourneys(customers: 9, using: &generator).table(using: &generator))
      var row: Int64 = 100_000
      for _ in 0..<Int.random(in: 0..<6, using: &generator) {
        var renewal = Journeys.Renewal(of: journeys)
        if generator.chance(0.3) {
          _ = renewal.reread([UInt32.random(in: 0..<40, using: &generator)])
        }
        for _ in 0..<Int.random(in: 0..<4, using: &generator) {
          row += 1
          renewal.append(
            JourneyTable.Row(
              customer: .random(in: 0..<60, using: &generator),
              time: .random(in: -9...99, using: &generator) * 1_000_000_000, rowID: row,
              event: renewal.code(
                .event, generator.one(of: ["Order Completed", "ünïcode \(row)"])),
              channel: renewal.code(.channel, "Email"), isForeign: generator.chance(0.2)))
        }
        journeys = renewal.finish()
      }
      try write(journeys)
      let base = try BaseFile.load(from: url)
      let read = Journeys(base.table)
      #expect(rows(read) == rows(journeys), "seed \(seed)")
      #expect(read.count == journeys.count)
      #expect(read.journeyCount == journeys.journeyCount)
      #expect(read.bounds == journeys.bounds, "seed \(seed)")
      #expect(read.foreignValues == journeys.foreignValues, "seed \(seed)")
      #expect(read.hasValues == journeys.hasValues)
      #expect(base.mark == mark)
      #expect(base.codes[3] == 1)
      #expect(base.codes[99] == Names.none)
      #expect(read.names.mapValues(\.all) == journeys.names.mapValues(\.all))
      #expect(
        Array(base.table.customers.values) == Array(base.table.customers.values).sorted())
    }
  }

  private func small() -> Journeys {
    var generator = SeededGenerator(seed: 5)
    return Journeys(RandomJourneys(customers: 4, using: &generator).table(using: &generator))
  }

  private func load(_ data: Data) throws -> OpenedBase {
    try data.write(to: url)
    return try BaseFile.load(from: url)
  }

  @Test("no single byte can change unnoticed")
  func flips() throws {
    try write(small())
    let data = try Data(contentsOf: url)
    #expect(throws: Never.self) { try self.load(data) }
    for index in data.indices {
      var damaged = data
      damaged[index] ^= index % 3 == 0 ? 0xFF : 1 << UInt8(index % 8)
      #expect(throws: BaseFileProblem.self, "byte \(index)") { try self.load(damaged) }
    }
  }

  @Test("a file that was cut off or went on is not used")
  func truncated() throws {
    try write(small())
    let data = try Data(contentsOf: url)
    let header = BaseFile.headerAlignment
    let base = try BaseFile.load(from: url)
    #expect(base.bytes == data.count)
    var lengths = Set([header - 1, header, data.count - 1])
    // Sections begin and end at such borders.
    for border in stride(from: 0, through: data.count, by: 64) {
      lengths.formUnion([border - 1, border, border + 1])
    }
    for length in lengths where length >= 0 && length < data.count {
      #expect(throws: BaseFileProblem.self, "\(length) bytes") {
        try self.load(data.prefix(length))
      }
    }
    #expect(throws: BaseFileProblem.self) { try self.load(data + [0]) }
    #expect(throws: BaseFileProblem.self) { try self.load(Data(repeating: 0, count: 8192)) }
  }

  @Test("a sound file of another version is told from a damaged one")
  func version() throws {
    try write(small())
    var data = try Data(contentsOf: url)
    data[BaseFile.Word.version.rawValue * 8] = 0
    let header = data.prefix(BaseFile.headerAlignment).withUnsafeBytes {
      BaseFile.hash(ofHeader: $0)
    }
    withUnsafeBytes(of: header.littleEndian) { bytes in
      let at = BaseFile.Word.hash.rawValue * 8
      data.replaceSubrange(at..<(at + 8), with: bytes)
    }
    #expect(throws: BaseFileProblem.version(0)) { try self.load(data) }
    try FileManager.default.removeItem(at: url)
    #expect(throws: BaseFileProblem.missing) { try BaseFile.load(from: self.url) }
  }

  @Test("a disk that is full leaves the base that was there, and no other file")
  func full() throws {
    try write(small())
    let before = try Data(contentsOf: url)
    let error = #expect(throws: BaseWriteError.self) {
      try BaseFile.write(
        self.small(), codes: self.codes(), mark: self.mark, to: self.url,
        output: { _, _, _, _ in
          errno = ENOSPC
          return -1
        })
    }
    #expect("\(try #require(error))".contains("No space left"))
    #expect(try Data(contentsOf: url) == before)
    #expect(
      try FileManager.default.contentsOfDirectory(atPath: folder.path) == [BaseFile.name])
  }

  @Test("writes that the system cuts short are gone on with")
  func shortWrites() throws {
    try BaseFile.write(
      small(), codes: codes(), mark: mark, to: url,
      output: { file, bytes, count, offset in
        pwrite(file, bytes, min(count, 700), off_t(offset))
      })
    #expect(throws: Never.self) { try BaseFile.load(from: self.url) }
  }

  @Test("who writes while another does hears so, and does no harm")
  func busy() throws {
    let folder = folder
    let url = url
    let mark = mark
    let inner = Journeys(currency: .eur)
    let heard = Heard()
    try BaseFile.write(
      small(), codes: codes(), mark: mark, to: url,
      output: { file, bytes, count, offset in
        do throws(BaseWriteError) {
          try BaseFile.write(inner, codes: NameCodes(), mark: mark, to: url)
        } catch {
          heard.add(error)
        }
        return pwrite(file, bytes, count, off_t(offset))
      })
    #expect(!heard.all.isEmpty)
    #expect(heard.all.allSatisfy { $0 == .busy })
    #expect(try BaseFile.load(from: url).table.count > 0)
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == [BaseFile.name])
  }

  @Test("who reads a base that another takes the place of reads on")
  func replaced() throws {
    let journeys = small()
    try write(journeys)
    let base = try BaseFile.load(from: url)
    try write(Journeys(currency: .eur))
    #expect(rows(Journeys(base.table)) == rows(journeys))
    #expect(try BaseFile.load(from: url).table.count == 0)
  }
}

/// What several calls heard.
private final class Heard: @unchecked Sendable {
  // Sendable by hand: the calls come one after another, on one thread.
  private(set) var all: [BaseWriteError] = []
  func add(_ error: BaseWriteError) { all.append(error) }
}
