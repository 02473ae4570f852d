import CustomerJourney

/// Bytes that live until the next row is read.
typealias Bytes = UnsafeBufferPointer<UInt8>

/// The part of a text that is in memory: from the first byte of the current row on.
///
/// Grows to hold one row, and rows are bounded by ``Limits/eventBytes``, so it stays below a few
/// megabytes however long the file is.
final class ByteWindow {
  private(set) var base: UnsafeMutablePointer<UInt8>
  private var capacity: Int
  /// The current row begins at `start`; bytes before it are gone.
  var start = 0
  private(set) var end = 0
  /// Bytes of the text before `start`.
  var bytesPassed: Int { bytesGone + start }
  private var bytesGone = 0
  /// True when nothing comes after `end`.
  private(set) var isAtEnd = false
  /// Why the text ended before its end.
  private(set) var failure: (any Error)?

  private let source: TextStream?

  static let blockBytes = 262_144

  /// A window on `text` alone, as used to look at the head of a file.
  convenience init(text: [UInt8]) {
    self.init(source: nil, capacity: max(1, text.count))
    text.withUnsafeBufferPointer { bytes in
      if let first = bytes.baseAddress { base.update(from: first, count: bytes.count) }
    }
    end = text.count
    isAtEnd = true
  }

  convenience init(source: TextStream) { self.init(source: source, capacity: 2 * Self.blockBytes) }

  private init(source: TextStream?, capacity: Int) {
    self.source = source
    self.capacity = capacity
    base = .allocate(capacity: capacity)
    base.initialize(repeating: 0, count: capacity)
  }

  deinit { base.deallocate() }

  /// Brings more bytes behind `end`; false when there are none. Moves the row to the front.
  func fill() -> Bool {
    guard !isAtEnd, let source else { return false }
    if start > 0 {
      base.update(from: base + start, count: end - start)
      end -= start
      bytesGone += start
      start = 0
    }
    if capacity - end < Self.blockBytes {
      let larger = UnsafeMutablePointer<UInt8>.allocate(capacity: capacity * 2)
      larger.initialize(repeating: 0, count: capacity * 2)
      larger.update(from: base, count: end)
      base.deallocate()
      base = larger
      capacity *= 2
    }
    do {
      let count = try source.read(into: base + end, capacity: capacity - end)
      end += count
      isAtEnd = count == 0
    } catch {
      failure = error
      isAtEnd = true
    }
    return !isAtEnd
  }

  /// The first bytes of the text, for a look before the reading begins.
  func head() -> [UInt8] {
    while end - start < Self.blockBytes, fill() {}
    return Array(Bytes(start: base + start, count: min(end - start, Self.blockBytes)))
  }

  /// Passes by the rest of the line without holding it.
  func skipLine() {
    while true {
      while start < end {
        let byte = base[start]
        start += 1
        if byte == 10 { return }
        if byte == 13 {
          if start == end, !fill() { return }
          if start < end, base[start] == 10 { start += 1 }
          return
        }
      }
      if !fill() { return }
    }
  }

  /// The first characters of the current line, as evidence beside a rejection.
  func excerpt(limit: Int = Limits.excerptBytes) -> String {
    var length = 0
    while start + length < end, length < limit {
      let byte = base[start + length]
      if byte == 10 || byte == 13 { break }
      length += 1
    }
    return String(decoding: Bytes(start: base + start, count: length), as: UTF8.self)
  }
}

/// Where a field is in a window, and whether doubled quotes are in it.
struct FoundField {
  var start: Int
  var end: Int
  var isDoubled = false
}

/// The fields of one row, valid until the next one is read.
final class RowFields {
  enum Kind: UInt8 { case text, number, flag }

  private var storage: UnsafeMutablePointer<UInt8>
  private var capacity = 4096
  private var used = 0
  private var fields: [(start: Int, end: Int, kind: Kind)] = []

  init() { storage = .allocate(capacity: capacity) }
  deinit { storage.deallocate() }

  var count: Int { fields.count }

  func clear() {
    used = 0
    fields.removeAll(keepingCapacity: true)
  }

  /// Without the spaces around it; empty for a column that the row does not have.
  subscript(column: Int) -> Bytes {
    guard column >= 0, column < fields.count else { return Bytes(start: storage, count: 0) }
    var (start, end, _) = fields[column]
    let storage = storage
    while start < end, storage[start] == 32 || storage[start] == 9 { start += 1 }
    while end > start, storage[end - 1] == 32 || storage[end - 1] == 9 { end -= 1 }
    return Bytes(start: storage + start, count: end - start)
  }

  func kind(_ column: Int) -> Kind { column < fields.count ? fields[column].kind : .text }

  func append(_ bytes: Bytes, kind: Kind = .text) {
    reserve(bytes.count)
    if let base = bytes.baseAddress { (storage + used).update(from: base, count: bytes.count) }
    fields.append((used, used + bytes.count, kind))
    used += bytes.count
  }

  /// Takes a whole row; the places of its fields count from `start`.
  func load(_ row: Bytes, _ found: [FoundField], from start: Int) {
    clear()
    reserve(row.count)
    guard let base = row.baseAddress else { return }
    storage.update(from: base, count: row.count)
    used = row.count
    let storage = storage
    for field in found {
      var end = field.end - start
      if field.isDoubled {
        // A doubled quote stands for one, so the field only gets shorter in its place.
        var at = field.start - start
        var to = at
        while at < end {
          let byte = storage[at]
          storage[to] = byte
          to += 1
          at += byte == UInt8(ascii: "\"") ? 2 : 1
        }
        end = to
      }
      fields.append((field.start - start, end, .text))
    }
  }

  /// Fields beyond the columns, when all are empty, are the work of a spreadsheet.
  func dropEmptyFields(beyond columns: Int) {
    while fields.count > columns, let last = fields.last, last.start == last.end {
      fields.removeLast()
    }
  }

  /// Puts a value in its column, with empty ones before it.
  func set(_ column: Int, to bytes: Bytes, kind: Kind) {
    while fields.count < column { fields.append((0, 0, .text)) }
    append(bytes, kind: kind)
    if column < fields.count - 1 { fields[column] = fields.removeLast() }
  }

  private func reserve(_ count: Int) {
    guard used + count > capacity else { return }
    let larger = UnsafeMutablePointer<UInt8>.allocate(capacity: max(capacity * 2, used + count))
    larger.update(from: storage, count: used)
    storage.deallocate()
    storage = larger
    capacity = max(capacity * 2, used + count)
  }
}
