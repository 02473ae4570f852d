import CustomerJourney
import JourneyEngine

/// The paths of journeys, noted one after the other and counted at the end.
///
/// A table of millions of paths lies far apart in memory, and each look at it waits. Notes are
/// written in order instead, spread by their hash over parts of which each is later counted in a
/// table that a core's own memory holds. Two partial results merge by keeping the notes of both.
struct PathLog: Sendable {
  /// Bytes of one code.
  let width: Int
  private let room: Int
  private var segments: [PathSegment] = []

  /// One worker's notes are counted whenever they take more than `room` bytes.
  init(width: Int, room: Int = PathNotes.usualRoom) {
    self.width = width
    self.room = room
  }

  /// Adds what other customers did.
  mutating func merge(_ other: PathLog, after journeys: Int) {
    precondition(width == other.width, "paths of the same codes")
    segments += other.segments.map {
      PathSegment(notes: $0.notes, journeysBefore: $0.journeysBefore + UInt32(journeys))
    }
  }

  /// Notes paths of the column that begins at `codes` and can be read up to row `end`.
  mutating func writer(of codes: UnsafeRawPointer, end: Int) -> Writer {
    Writer(reader: PathReader(codes: codes, end: end, width: width), notes: ownNotes())
  }

  /// Notes that nobody else reads or writes. What is shared with a copy stays as it is.
  private mutating func ownNotes() -> PathNotes {
    if let last = segments.indices.last, segments[last].journeysBefore == 0,
      isKnownUniquelyReferenced(&segments[last].notes)
    {
      return segments[last].notes
    }
    let notes = PathNotes(room: room)
    segments.append(PathSegment(notes: notes, journeysBefore: 0))
    return notes
  }

  /// Writes to the notes, for the length of one loop.
  struct Writer {
    fileprivate let reader: PathReader
    fileprivate let notes: PathNotes

    /// Journeys count from 1 within a partial result, and their paths come one journey after the
    /// other.
    @inline(__always)
    func note(_ rows: Range<Int>, journey: UInt32, converted: Bool, value: Int64) {
      notes.add(reader.path(rows), journey: journey, converted: converted, value: value)
    }
  }

  /// Counts all paths, each part of them on one of the cores: what `body` made of each core's parts.
  func counted<Result: Sendable>(
    into start: Result, _ body: @Sendable (inout Result, PathCounts) -> Void
  ) -> [Result] {
    let workers = Workers(results: Array(repeating: start, count: Cores.count))
    return workers.run { result, worker in
      var counts = PathCounts(width: width)
      for part in stride(from: worker, to: PathNotes.parts, by: Cores.count)
      where counts.count(part, of: segments) {
        body(&result, counts)
      }
    }
  }

  /// Results that threads change, each its own.
  private final class Workers<Result: Sendable>: @unchecked Sendable {
    // Sendable by hand: no two threads touch the same result.
    private var results: [Result]

    init(results: [Result]) { self.results = results }

    func run(_ body: @Sendable (inout Result, Int) -> Void) -> [Result] {
      results.withUnsafeMutableBufferPointer { results in
        nonisolated(unsafe) let results = results
        Cores.perform(iterations: results.count) { body(&results[$0], $0) }
      }
      return results
    }
  }
}

/// The notes of one worker, and how many journeys other workers' partial results saw before them.
struct PathSegment: Sendable {
  var notes: PathNotes
  let journeysBefore: UInt32
}

extension PathLog: Codable {
  private enum CodingKeys: String, CodingKey {
    case width, paths, customers, conversions, values
  }

  init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    let paths = try container.decode([[UInt32]].self, forKey: .paths)
    let customers = try container.decode([Int].self, forKey: .customers)
    let conversions = try container.decode([Int].self, forKey: .conversions)
    let values = try container.decode([Int64].self, forKey: .values)
    self.init(width: try container.decode(Int.self, forKey: .width))
    guard [1, 2, 4].contains(width), paths.count == customers.count,
      paths.count == conversions.count, paths.count == values.count,
      paths.allSatisfy({ !$0.isEmpty }),
      (customers + conversions).allSatisfy({ UInt32(exactly: $0) != nil })
    else {
      throw DecodingError.dataCorruptedError(
        forKey: .paths, in: container, debugDescription: "not a log of paths")
    }
    let notes = ownNotes()
    for (i, codes) in paths.enumerated() {
      let bytes = codes.flatMap { code in
        withUnsafeBytes(of: code.littleEndian) { Array($0.prefix(width)) }
      }
      bytes.withUnsafeBytes { path in
        guard let start = path.baseAddress else { return }
        let reader = PathReader(codes: start, end: codes.count, width: width)
        notes.add(
          reader.path(0..<codes.count), journey: 0, customers: UInt32(customers[i]),
          conversions: UInt32(conversions[i]), value: values[i])
      }
    }
  }

  func encode(to encoder: any Encoder) throws {
    struct Rows: Sendable {
      var paths: [[UInt32]] = []
      var customers: [UInt32] = []
      var conversions: [UInt32] = []
      var values: [Int64] = []
    }
    let rows = counted(into: Rows()) { rows, counts in
      rows.paths += counts.entries.map { counts.codes(of: $0) }
      rows.customers += counts.entries.map(\.customers)
      rows.conversions += counts.entries.map(\.conversions)
      rows.values += counts.entries.map(\.value)
    }
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(width, forKey: .width)
    try container.encode(rows.flatMap(\.paths), forKey: .paths)
    try container.encode(rows.flatMap(\.customers), forKey: .customers)
    try container.encode(rows.flatMap(\.conversions), forKey: .conversions)
    try container.encode(rows.flatMap(\.values), forKey: .values)
  }
}
