package import CustomerJourney
package import Foundation

/// Why a base could not be written. What was there before is still there.
package enum BaseWriteError: Error, Equatable, CustomStringConvertible {
  /// Another process writes one at this moment.
  case busy
  /// What stands there has read more of the store.
  case outdated
  case failed(step: String, reason: String)

  package var description: String {
    switch self {
    case .busy: "another process writes the base at this moment"
    case .outdated: "another process has written a newer one"
    case .failed(let step, let reason): "\(step): \(reason)"
    }
  }
}

extension BaseFile {
  /// How bytes come to a file: `pwrite` of the system, or what a test has in its place.
  package typealias Output = @Sendable (Int32, UnsafeRawPointer, Int, Int) -> Int

  /// Puts all journeys in order of customer into the file `url`, in place of what is there.
  ///
  /// The file is whole when it gets its name: it is written beside, and it and its folder are synced.
  /// Needs some megabytes besides an entry for each run of journeys that stand together already.
  ///
  /// - Parameters:
  ///   - names: those of the store, where the journeys know others.
  ///   - waits: true waits for another process that writes one, instead of throwing.
  ///   - replaces: false for the mark of a file that is to stay.
  package static func write(
    _ journeys: Journeys, codes: NameCodes, mark: StoreMark, names: RenewedNames? = nil,
    to url: URL, output: @escaping Output = { pwrite($0, $1, $2, off_t($3)) },
    waits: Bool = false, replaces: (StoreMark) -> Bool = { _ in true }
  ) throws(BaseWriteError) {
    let beside = fileBeside(url)
    let file = try openAlone(beside, waits: waits)
    do throws(BaseWriteError) {
      try write(journeys, codes, mark, names, file: file, output: output)
      guard fsync(file) == 0 else { throw failure("syncing the new base") }
      // Only who has the lock gets here, so nobody puts another one there meanwhile.
      if let old = Self.mark(of: url), !replaces(old) { throw BaseWriteError.outdated }
      guard rename(beside.path, url.path) == 0 else { throw failure("naming the new base") }
      close(file)
    } catch {
      // Makes room on a full disk; the lock goes with the file.
      _ = unlink(beside.path)
      close(file)
      throw error
    }
    try sync(folder: url.deletingLastPathComponent())
  }

  /// Where the base of a file is written before it gets that name.
  package static func fileBeside(_ url: URL) -> URL { url.appendingPathExtension("new") }

  /// Opens a file that this process alone writes to.
  private static func openAlone(_ url: URL, waits: Bool) throws(BaseWriteError) -> Int32 {
    while true {
      let file = open(url.path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
      guard file >= 0 else { throw failure("making the new base") }
      var mine = stat()
      var named = stat()
      // Who had the lock may have given the file its name meanwhile: then this is the base itself.
      guard flock(file, waits ? LOCK_EX : LOCK_EX | LOCK_NB) == 0, fstat(file, &mine) == 0,
        stat(url.path, &named) == 0, mine.st_ino == named.st_ino
      else {
        close(file)
        if waits { continue }
        throw .busy
      }
      guard ftruncate(file, 0) == 0 else {
        let error = failure("emptying the new base")
        close(file)
        throw error
      }
      return file
    }
  }

  private static func sync(folder: URL) throws(BaseWriteError) {
    let descriptor = open(folder.path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw failure("opening the data folder") }
    defer { close(descriptor) }
    guard fsync(descriptor) == 0 else { throw failure("syncing the data folder") }
  }

  static func failure(_ step: String) -> BaseWriteError {
    .failed(step: step, reason: String(cString: strerror(errno)))
  }

  private static func write(
    _ journeys: Journeys, _ codes: NameCodes, _ mark: StoreMark, _ renewed: RenewedNames?,
    file: Int32, output: @escaping Output
  ) throws(BaseWriteError) {
    let order = MergeOrder(journeys.parts)
    let names = NameText.encode(renewed?.names ?? journeys.names)
    let codes = renewed?.codes ?? codes
    var mark = mark
    if let renewed { mark.name = renewed.lastNumber }
    let hasForeign = journeys.foreignValues > 0
    let count = journeys.count
    let layout = Layout(
      lengths: Section.allCases.map { section in
        switch section {
        case .customers: journeys.journeyCount * 4
        case .starts: (journeys.journeyCount + 1) * 4
        case .times, .values: count * 8
        case .contents, .rowIDs: count * 4
        case .events, .campaigns: count * 2
        case .channels, .origins, .devices: count
        case .foreign: hasForeign ? (count + 63) / 64 * 8 : 0
        case .names: names.count
        case .codes: codes.byNumber.count * 4
        }
      })
    let writer = BlockWriter(file: file, from: layout.headerBytes, output: output)
    for section in Section.allCases {
      switch section {
      case .customers:
        try order.forEachRun { (part, run) throws(BaseWriteError) in
          try writer.append(part.table.customers, run)
        }
      case .starts: try order.writeStarts(to: writer)
      case .times: try order.write(\.times, to: writer)
      case .values: try order.write(\.values, to: writer)
      case .contents: try order.write(\.contents, renewed?[.content], to: writer)
      case .rowIDs: try order.write(\.rowIDs, to: writer)
      case .events: try order.write(\.events, renewed?[.event], to: writer)
      case .campaigns: try order.write(\.campaigns, renewed?[.campaign], to: writer)
      case .channels: try order.write(\.channels, renewed?[.channel], to: writer)
      case .origins: try order.write(\.origins, renewed?[.origin], to: writer)
      case .devices: try order.write(\.devices, renewed?[.device], to: writer)
      case .foreign: if hasForeign { try order.writeForeign(to: writer) }
      case .names: try writer.append(names)
      case .codes: try writer.append(codes.byNumber)
      }
      try writer.pad(to: alignment)
    }
    try writer.finish()
    precondition(writer.written == layout.payloadBytes, "as many bytes as the header says")
    let extent = order.extent
    let fields: [Word: UInt64] = [
      .magic: magic, .version: version, .headerBytes: UInt64(layout.headerBytes),
      .payloadBytes: UInt64(layout.payloadBytes), .blockBytes: UInt64(blockBytes),
      .touchpoints: UInt64(count), .journeys: UInt64(journeys.journeyCount),
      .currency: journeys.currency.packed, .foreignValues: UInt64(journeys.foreignValues),
      .hasValues: journeys.hasValues ? 1 : 0,
      .first: UInt64(bitPattern: extent?.first ?? 0),
      .firstJourney: UInt64(extent?.firstJourney ?? 0),
      .last: UInt64(bitPattern: extent?.last ?? 0),
      .lastJourney: UInt64(extent?.lastJourney ?? 0), .store: UInt64(bitPattern: mark.store),
      .row: UInt64(bitPattern: mark.row), .rowCheck: UInt64(bitPattern: mark.rowCheck),
      .change: UInt64(bitPattern: mark.change), .name: UInt64(bitPattern: mark.name),
    ]
    var words = Word.allCases.map { fields[$0] ?? 0 }
    for section in Section.allCases {
      words += [
        UInt64(layout.offsets[section.rawValue]), UInt64(layout.lengths[section.rawValue]),
      ]
    }
    words += writer.hashes
    words += Array(repeating: 0, count: layout.headerBytes / 8 - words.count)
    words = words.map(\.littleEndian)
    words[Word.hash.rawValue] = words.withUnsafeBytes { hash(ofHeader: $0) }.littleEndian
    // Last, so that a file that was left half-way has no header.
    let header = words
    try BlockWriter.put(header, at: 0, of: file, output)
  }
}

/// In which order the journeys of several parts stand by customer: runs that stand together already.
struct MergeOrder {
  private let parts: [JourneyPart]
  private var runs: [(part: Int, journeys: Range<Int>)] = []

  init(_ parts: [JourneyPart]) {
    self.parts = parts
    guard let base = parts.first else { return }
    var moved: [(customer: UInt32, part: Int, journey: Int)] = []
    for (index, part) in parts.enumerated().dropFirst() {
      part.forEachRun(of: 0..<part.table.journeyCount) { run in
        for journey in run { moved.append((part.table.customers[journey], index, journey)) }
      }
    }
    moved.sort { $0.customer < $1.customer }
    var next = 0
    base.forEachRun(of: 0..<base.table.journeyCount) { run in
      var first = run.lowerBound
      while next < moved.count,
        let place = base.table.place(ofCustomer: moved[next].customer, in: first..<run.upperBound)
      {
        if place > first { runs.append((0, first..<place)) }
        first = place
        add(moved[next].part, moved[next].journey)
        next += 1
      }
      runs.append((0, first..<run.upperBound))
    }
    for entry in moved[next...] { add(entry.part, entry.journey) }
  }

  private mutating func add(_ part: Int, _ journey: Int) {
    if let last = runs.last, last.part == part, last.journeys.upperBound == journey {
      runs[runs.count - 1].journeys = last.journeys.lowerBound..<(journey + 1)
    } else {
      runs.append((part, journey..<(journey + 1)))
    }
  }

  func forEachRun(
    _ body: (JourneyPart, Range<Int>) throws(BaseWriteError) -> Void
  ) throws(BaseWriteError) {
    for run in runs { try body(parts[run.part], run.journeys) }
  }

  func write<Element>(
    _ column: (JourneyTable) -> Column<Element>, to writer: BlockWriter
  ) throws(BaseWriteError) {
    let columns = parts.map { column($0.table) }
    for run in runs {
      try writer.append(columns[run.part], parts[run.part].table.rows(ofJourneys: run.journeys))
    }
  }

  /// Codes of names, each as `codes` has it.
  func write<Code: FixedWidthInteger & BitwiseCopyable & Sendable>(
    _ column: (JourneyTable) -> Column<Code>, _ codes: [UInt32]?, to writer: BlockWriter
  ) throws(BaseWriteError) {
    guard let codes else { return try write(column, to: writer) }
    for run in runs {
      let values = column(parts[run.part].table)
      let rows = parts[run.part].table.rows(ofJourneys: run.journeys)
      for first in stride(from: rows.lowerBound, to: rows.upperBound, by: 4096) {
        let some = first..<min(first + 4096, rows.upperBound)
        try writer.append(some.map { Code(codes[Int(values[$0])]) })
      }
    }
  }

  func writeStarts(to writer: BlockWriter) throws(BaseWriteError) {
    var row: UInt32 = 0
    for run in runs {
      let table = parts[run.part].table
      for journey in run.journeys {
        try writer.append([row])
        row += UInt32(table.rows(ofJourney: journey).count)
      }
    }
    try writer.append([row])
  }

  func writeForeign(to writer: BlockWriter) throws(BaseWriteError) {
    var word: UInt64 = 0
    var bit: UInt64 = 0
    for run in runs {
      let table = parts[run.part].table
      for row in table.rows(ofJourneys: run.journeys) {
        if table.isForeign(row: row) { word |= 1 << bit }
        bit += 1
        if bit == 64 {
          try writer.append([word])
          (word, bit) = (0, 0)
        }
      }
    }
    if bit > 0 { try writer.append([word]) }
  }

  /// The first and last moment, by the journeys' new places.
  var extent: Extent? {
    var known: Extent?
    var place = 0
    for run in runs {
      let table = parts[run.part].table
      for journey in run.journeys {
        let rows = table.rows(ofJourney: journey)
        let first = table.times[rows.lowerBound]
        let last = table.times[rows.upperBound - 1]
        var extent =
          known ?? Extent(first: first, firstJourney: place, last: last, lastJourney: place)
        if first < extent.first { (extent.first, extent.firstJourney) = (first, place) }
        if last > extent.last { (extent.last, extent.lastJourney) = (last, place) }
        known = extent
        place += 1
      }
    }
    return known
  }
}

extension JourneyTable {
  func rows(ofJourneys journeys: Range<Int>) -> Range<Int> {
    Int(starts[journeys.lowerBound])..<Int(starts[journeys.upperBound])
  }

  /// Where in `range` a customer's journey would come; nil when it comes after all of them.
  fileprivate func place(ofCustomer customer: UInt32, in range: Range<Int>) -> Int? {
    guard let last = range.last, customer < customers[last] else { return nil }
    var low = range.lowerBound
    var high = last
    while low < high {
      let middle = (low + high) / 2
      if customers[middle] < customer { low = middle + 1 } else { high = middle }
    }
    return low
  }
}

/// Writes bytes in blocks, and remembers the hash of each.
final class BlockWriter {
  private let file: Int32
  private let output: BaseFile.Output
  private let start: Int
  private let block: UnsafeMutableRawBufferPointer
  private var filled = 0
  private(set) var hashes: [UInt64] = []
  /// Bytes so far.
  private(set) var written = 0

  init(file: Int32, from start: Int, output: @escaping BaseFile.Output) {
    self.file = file
    self.start = start
    self.output = output
    block = .allocate(byteCount: BaseFile.blockBytes, alignment: 64)
  }

  deinit { block.deallocate() }

  func append<Element>(_ column: Column<Element>, _ range: Range<Int>) throws(BaseWriteError) {
    try append(UnsafeRawBufferPointer(UnsafeBufferPointer(rebasing: column.values[range])))
  }

  func append<Element: BitwiseCopyable>(_ values: [Element]) throws(BaseWriteError) {
    // Typed throws do not go through the closure.
    let result: Result<Void, BaseWriteError> = values.withUnsafeBytes { bytes in
      do throws(BaseWriteError) { return .success(try append(bytes)) } catch {
        return .failure(error)
      }
    }
    try result.get()
  }

  private func append(_ bytes: UnsafeRawBufferPointer) throws(BaseWriteError) {
    var rest = bytes
    while !rest.isEmpty {
      let part = UnsafeRawBufferPointer(rebasing: rest.prefix(block.count - filled))
      UnsafeMutableRawBufferPointer(rebasing: block[filled...]).copyMemory(from: part)
      filled += part.count
      written += part.count
      rest = UnsafeRawBufferPointer(rebasing: rest.dropFirst(part.count))
      if filled == block.count { try flush() }
    }
  }

  func pad(to alignment: Int) throws(BaseWriteError) {
    let rest = (alignment - written % alignment) % alignment
    try append([UInt8](repeating: 0, count: rest))
  }

  func finish() throws(BaseWriteError) { if filled > 0 { try flush() } }

  private func flush() throws(BaseWriteError) {
    let bytes = UnsafeRawBufferPointer(rebasing: block[..<filled])
    hashes.append(BlockHash.of(bytes))
    try Self.put(bytes, at: start + written - filled, of: file, output)
    // The disk takes it now and not all of the file at the end, behind which whoever commits meanwhile
    // would wait.
    guard fdatasync(file) == 0 else { throw BaseFile.failure("syncing the new base") }
    filled = 0
  }

  static func put(
    _ words: [UInt64], at offset: Int, of file: Int32, _ output: BaseFile.Output
  ) throws(BaseWriteError) {
    let result: Result<Void, BaseWriteError> = words.withUnsafeBytes { bytes in
      do throws(BaseWriteError) {
        return .success(try put(bytes, at: offset, of: file, output))
      } catch {
        return .failure(error)
      }
    }
    try result.get()
  }

  private static func put(
    _ bytes: UnsafeRawBufferPointer, at offset: Int, of file: Int32, _ output: BaseFile.Output
  ) throws(BaseWriteError) {
    var done = 0
    while done < bytes.count {
      guard let base = bytes.baseAddress else { return }
      let count = output(file, base + done, bytes.count - done, offset + done)
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { throw BaseFile.failure("writing the new base") }
      done += count
    }
  }
}
