import CustomerJourney
import Foundation
import Testing

@testable import JourneyEngine

@Suite("Where columns stand")
final class ColumnStorageTests {
  private let folder: URL

  init() throws {
    folder = FileManager.default.temporaryDirectory.appending(path: "columns-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: false)
  }

  deinit { try? FileManager.default.removeItem(at: folder) }

  /// Files of the folder that this process has mapped.
  private func mapped() -> Int {
    let file = open("/proc/self/maps", O_RDONLY)
    defer { close(file) }
    // By hand: Foundation takes the first kilobytes of a file that says no length for all of it.
    var bytes: [UInt8] = []
    var block = [UInt8](repeating: 0, count: 4096)
    while case let count = read(file, &block, block.count), count > 0 { bytes += block[..<count] }
    return String(decoding: bytes, as: UTF8.self).split(separator: "\n")
      .count { $0.contains(folder.path) }
  }

  #if os(Linux)
    @Test("a long column stands in a file that nobody else can open, as long as it is there")
    func files() throws {
      let storage = ColumnStorage(folder: folder, smallestFile: 40_000)
      var long: Column<UInt32>? = Column(Array(0..<10_000), in: storage)
      let short = Column<UInt32>(Array(0..<9_999), in: storage)
      #expect(mapped() == 1)
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).isEmpty)
      #expect(long?.values.elementsEqual(0..<10_000) == true)
      #expect(short.values.elementsEqual(0..<9_999))
      long = nil
      #expect(mapped() == 0)
    }

    @Test("what comes to journeys, and their phases, stand where the journeys do")
    func journeys() {
      let storage = ColumnStorage(folder: folder, smallestFile: 1)
      var (own, filed) = (Journeys(currency: .eur), Journeys(currency: .eur, storage: storage))
      var mapped = 0
      func isMore() -> Bool {
        let before = mapped
        mapped = self.mapped()
        return mapped > before
      }
      for step in 0..<4 {
        own = grown(own, step)
        filed = grown(filed, step)
        #expect(isMore(), "than before, \(mapped)")
        #expect(own.count == filed.count)
        let rows = 0..<own.parts.reduce(0) { $0 + $1.table.count }
        #expect(rows.map(own.time) == rows.map(filed.time))
        for model in JourneyModel.builtIn {
          let phases = (
            JourneyPlacement(model, in: own), JourneyPlacement(model, in: filed)
          )
          #expect(rows.map(phases.0.phase) == rows.map(phases.1.phase))
          #expect(rows.map(phases.0.rule) == rows.map(phases.1.rule))
        }
        #expect(isMore(), "with their phases, \(mapped)")
      }
      filed = own
      #expect(self.mapped() == 0)
    }

    @Test("who writes the first page of a column clears no other")
    func firstTouch() {
      let storage = ColumnStorage(folder: folder, smallestFile: 1)
      let count = 1 << 20
      let room = ColumnRoom<UInt8>(count: count, in: storage)
      #expect(mapped() == 1)
      room.base[0] = 1
      var isThere = [UInt8](repeating: 0, count: count / Int(getpagesize()))
      #expect(mincore(room.base, count, &isThere) == 0)
      #expect(isThere.count { $0 & 1 == 1 } == 1)
    }

    @Test("where many touchpoints are expected, they are gathered in a file")
    func gathered() {
      let none = Journeys(currency: .eur, storage: ColumnStorage(folder: folder, smallestFile: 1))
      var renewal = Journeys.Renewal(of: none)
      renewal.expect(touchpoints: 1 << 18)
      for number in 0..<5_000 {
        renewal.append(
          JourneyTable.Row(
            customer: 7, time: Int64(5_000 - number), rowID: Int64(number), event: 0, channel: 0))
      }
      #expect(mapped() > 0)
      let journeys = renewal.finish()
      #expect((0..<journeys.count).map(journeys.time) == Array(1...5_000))
    }

    /// Each customer of a thousand is touched, fewer each time, so that parts stay.
    private func grown(_ journeys: Journeys, _ step: Int) -> Journeys {
      var renewal = Journeys.Renewal(of: journeys, smallBase: 0)
      let event = renewal.code(.event, step % 2 == 0 ? "Product Viewed" : "Order Completed")
      for customer in 0..<UInt32(1_000 >> (4 * step)) + 1 {
        renewal.append(
          JourneyTable.Row(
            customer: customer, time: Int64(step) * 1_000,
            rowID: Int64(step * 10_000) + Int64(customer), event: event, channel: 0))
      }
      return renewal.finish()
    }
  #endif

  @Test("where there is no folder, a column stands in the process's own memory")
  func own() {
    let none = ColumnStorage(folder: folder.appending(path: "none"), smallestFile: 1)
    for storage in [none, .own, ColumnStorage(folder: nil, smallestFile: 1)] {
      let column = Column<Int64>(Array(0..<1_000), in: storage)
      #expect(column.values.elementsEqual(0..<1_000))
      #expect(Column<Int64>([], in: storage).count == 0)
    }
    #expect(mapped() == 0)
  }
}
