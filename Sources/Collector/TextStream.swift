import CustomerJourney

/// How the bytes of a text file stand for characters.
package enum TextEncoding: String, Hashable, Sendable, CaseIterable {
  case utf8 = "utf-8"
  case utf16LittleEndian = "utf-16le"
  case utf16BigEndian = "utf-16be"
  case windows1252 = "windows-1252"
  case latin1 = "latin-1"

  /// Accepts the usual spellings: `UTF8`, `cp1252`, `ISO-8859-1`.
  init?(spelling text: String) {
    let key = text.lowercased().filter { $0.isLetter || $0.isNumber }
    switch key {
    case "utf8": self = .utf8
    case "utf16", "utf16le": self = .utf16LittleEndian
    case "utf16be": self = .utf16BigEndian
    case "windows1252", "cp1252", "ansi": self = .windows1252
    case "latin1", "iso88591": self = .latin1
    default: return nil
    }
  }
}

/// Hands out one part of a file as UTF-8, whatever its encoding was.
///
/// A byte that stands for nothing in its encoding becomes the byte 0xFF, which no UTF-8 has, so that
/// the row that holds it is rejected where rows are checked.
final class TextStream {
  let encoding: TextEncoding
  /// True when the encoding was neither said nor marked, and the bytes are not UTF-8.
  let isGuess: Bool

  private let archive: ArchiveReader
  private var raw: [UInt8]
  private var rawAt = 0

  private static let headBytes = 262_144

  /// Reads the head of the part to find the encoding, unless `chosen` says it.
  init(archive: ArchiveReader, name: String, chosen: TextEncoding?) throws {
    self.archive = archive
    var head = [UInt8](repeating: 0, count: Self.headBytes)
    var count = 0
    var failure: (any Error)?
    while count < head.count {
      do {
        let more = try head.withUnsafeMutableBufferPointer { target in
          guard let base = target.baseAddress else { return 0 }
          return try archive.read(into: base + count, capacity: target.count - count)
        }
        if more == 0 { break }
        count += more
      } catch {
        // What could be read still counts; the next read meets the damage again.
        if count == 0 { throw error }
        failure = error
        break
      }
    }
    self.failure = failure
    head.removeSubrange(count...)
    raw = head
    if raw.starts(with: [0xEF, 0xBB, 0xBF]) {
      rawAt = 3
      encoding = chosen ?? .utf8
      isGuess = false
    } else if raw.starts(with: [0xFF, 0xFE]) {
      rawAt = 2
      encoding = .utf16LittleEndian
      isGuess = false
    } else if raw.starts(with: [0xFE, 0xFF]) {
      rawAt = 2
      encoding = .utf16BigEndian
      isGuess = false
    } else if let chosen {
      encoding = chosen
      isGuess = false
    } else {
      let zeros = raw.reduce(into: 0) { $0 += $1 == 0 ? 1 : 0 }
      if Self.isPacked(raw) || zeros * 10 > raw.count {
        throw ImportError(
          .notText,
          "\(name) is not a text file; save or export it as CSV, JSON Lines or XES and import that."
        )
      }
      encoding = Self.looksLikeUTF8(raw) ? .utf8 : .windows1252
      isGuess = encoding == .windows1252
    }
  }

  private var failure: (any Error)?

  private static func isPacked(_ head: [UInt8]) -> Bool {
    let starts: [[UInt8]] = [
      [0x50, 0x4B, 0x03, 0x04], [0x50, 0x4B, 0x05, 0x06], [0x1F, 0x8B], [0x25, 0x50, 0x44, 0x46],
      [0x89, 0x50, 0x4E, 0x47], [0xD0, 0xCF, 0x11, 0xE0],
    ]
    return starts.contains { head.starts(with: $0) }
  }

  /// Whether the bytes are UTF-8, or UTF-8 with some rows of another encoding in between: then
  /// there are more characters of several bytes than bytes that fit nowhere.
  static func looksLikeUTF8(_ head: [UInt8]) -> Bool {
    var at = 0
    var good = 0
    var bad = 0
    while at < head.count {
      let lead = head[at]
      if lead < 0x80 {
        at += 1
        continue
      }
      let length = lead >= 0xF0 && lead < 0xF5 ? 4 : lead >= 0xE0 ? 3 : lead >= 0xC2 ? 2 : 0
      let tail = at + 1..<at + max(1, length)
      // A character that the end of the head cuts through says nothing.
      if tail.upperBound > head.count { break }
      if length > 0, lead < 0xF5, head[tail].allSatisfy({ $0 & 0xC0 == 0x80 }) {
        good += 1
        at += length
      } else {
        bad += 1
        at += 1
      }
    }
    return bad == 0 || good > bad
  }

  /// Up to `capacity` bytes of UTF-8; 0 at the end of the part. `capacity` is at least 16.
  func read(into target: UnsafeMutablePointer<UInt8>, capacity: Int) throws -> Int {
    if encoding == .utf8 {
      if rawAt < raw.count {
        let count = min(capacity, raw.count - rawAt)
        raw.withUnsafeBufferPointer { bytes in
          guard let base = bytes.baseAddress else { return }
          target.update(from: base + rawAt, count: count)
        }
        rawAt += count
        if rawAt == raw.count { raw = [] }
        if raw.isEmpty { rawAt = 0 }
        return count
      }
      if let failure { throw failure }
      return try archive.read(into: target, capacity: capacity)
    }
    while true {
      let written = decode(into: target, capacity: capacity)
      if written > 0 { return written }
      raw.removeSubrange(..<rawAt)
      rawAt = 0
      if let failure { throw failure }
      let rest = raw.count
      raw.append(contentsOf: repeatElement(0, count: 65_536))
      let count = try raw.withUnsafeMutableBufferPointer { bytes in
        guard let base = bytes.baseAddress else { return 0 }
        return try archive.read(into: base + rest, capacity: 65_536)
      }
      raw.removeSubrange((rest + count)...)
      if count == 0 {
        // Half a character at the very end.
        guard !raw.isEmpty else { return 0 }
        raw = []
        target[0] = 0xFF
        return 1
      }
    }
  }

  private func decode(into target: UnsafeMutablePointer<UInt8>, capacity: Int) -> Int {
    var written = 0
    switch encoding {
    case .utf8: break
    case .windows1252, .latin1:
      let upper = encoding == .windows1252 ? Self.windows1252 : []
      while rawAt < raw.count, written + 4 <= capacity {
        let byte = raw[rawAt]
        rawAt += 1
        var scalar = UInt32(byte)
        if byte >= 0x80, byte < 0xA0, !upper.isEmpty { scalar = upper[Int(byte) - 0x80] }
        written += Self.put(scalar, target + written)
      }
    case .utf16LittleEndian, .utf16BigEndian:
      let low = encoding == .utf16LittleEndian ? 0 : 1
      while rawAt + 2 <= raw.count, written + 4 <= capacity {
        let unit = UInt32(raw[rawAt + low]) | UInt32(raw[rawAt + 1 - low]) << 8
        guard unit & 0xFC00 == 0xD800 else {
          rawAt += 2
          written += Self.put(unit & 0xFC00 == 0xDC00 ? Self.nothing : unit, target + written)
          continue
        }
        guard rawAt + 4 <= raw.count else { break }
        let next = UInt32(raw[rawAt + 2 + low]) | UInt32(raw[rawAt + 3 - low]) << 8
        if next & 0xFC00 == 0xDC00 {
          rawAt += 4
          written += Self.put(0x10000 + (unit & 0x3FF) << 10 + (next & 0x3FF), target + written)
        } else {
          rawAt += 2
          written += Self.put(Self.nothing, target + written)
        }
      }
    }
    return written
  }

  private static let nothing: UInt32 = .max

  private static func put(_ scalar: UInt32, _ target: UnsafeMutablePointer<UInt8>) -> Int {
    switch scalar {
    case nothing:
      target[0] = 0xFF
      return 1
    case 0..<0x80:
      target[0] = UInt8(scalar)
      return 1
    case 0..<0x800:
      target[0] = UInt8(0xC0 | scalar >> 6)
      target[1] = UInt8(0x80 | scalar & 0x3F)
      return 2
    case 0..<0x10000:
      target[0] = UInt8(0xE0 | scalar >> 12)
      target[1] = UInt8(0x80 | scalar >> 6 & 0x3F)
      target[2] = UInt8(0x80 | scalar & 0x3F)
      return 3
    default:
      target[0] = UInt8(0xF0 | scalar >> 18)
      target[1] = UInt8(0x80 | scalar >> 12 & 0x3F)
      target[2] = UInt8(0x80 | scalar >> 6 & 0x3F)
      target[3] = UInt8(0x80 | scalar & 0x3F)
      return 4
    }
  }

  /// What 0x80 to 0x9F stand for in Windows-1252; five of them stand for nothing.
  private static let windows1252: [UInt32] = [
    0x20AC, nothing, 0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021, 0x02C6, 0x2030, 0x0160,
    0x2039, 0x0152, nothing, 0x017D, nothing, nothing, 0x2018, 0x2019, 0x201C, 0x201D, 0x2022,
    0x2013, 0x2014, 0x02DC, 0x2122, 0x0161, 0x203A, 0x0153, nothing, 0x017E, 0x0178,
  ]
}
