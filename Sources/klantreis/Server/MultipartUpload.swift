import Foundation

/// Finds the file in a `multipart/form-data` body (RFC 7578) as its bytes come by, without holding
/// more of it than the boundary's length.
///
/// A pure machine: bytes in, pieces of the first part that has a file name out.
struct MultipartUpload {
  enum Piece: Equatable {
    /// The file's name as the browser gave it, without any folders.
    case began(name: String)
    case bytes([UInt8])
    case ended
  }

  enum Failure: Error, CustomStringConvertible {
    case noBoundary
    case headTooLong
    case cutOff

    var description: String {
      switch self {
      case .noBoundary: "The upload is not a form with a file in it."
      case .headTooLong: "The upload's part has a head of over 16 KB."
      case .cutOff: "The upload ended before the whole file was here. Please send it again."
      }
    }
  }

  private enum State { case preamble, head, file, otherPart, done }

  private let delimiter: [UInt8]
  private var buffer: [UInt8]
  private var state = State.preamble
  private var foundFile = false

  init(contentType: String) throws {
    guard contentType.lowercased().hasPrefix("multipart/form-data"),
      let at = contentType.range(of: "boundary=")
    else { throw Failure.noBoundary }
    let boundary = contentType[at.upperBound...].prefix { $0 != ";" }.filter { $0 != "\"" }
    guard (1...70).contains(boundary.utf8.count) else { throw Failure.noBoundary }
    delimiter = Array("\r\n--\(boundary)".utf8)
    // The first boundary may open the body without a line end before it.
    buffer = [13, 10]
  }

  mutating func receive(_ bytes: some Sequence<UInt8>) throws -> [Piece] {
    buffer.append(contentsOf: bytes)
    var pieces: [Piece] = []
    while try step(&pieces) {}
    return pieces
  }

  /// Throws when the body ended inside a part; true when there was a file.
  func finish() throws -> Bool {
    guard state == .done else { throw Failure.cutOff }
    return foundFile
  }

  /// One step; false when more bytes are needed.
  private mutating func step(_ pieces: inout [Piece]) throws -> Bool {
    switch state {
    case .done:
      buffer.removeAll()
      return false
    case .preamble, .file, .otherPart:
      guard let at = buffer.range(of: delimiter) else {
        // The end of the buffer may be the beginning of a delimiter: keep that much.
        let sure = buffer.count - delimiter.count
        if sure > 0 {
          if state == .file { pieces.append(.bytes(Array(buffer[..<sure]))) }
          buffer.removeFirst(sure)
        }
        return false
      }
      // After a delimiter comes a line end, or two dashes at the end of all.
      guard buffer.count >= at.upperBound + 2 else { return false }
      if state == .file {
        if at.lowerBound > 0 { pieces.append(.bytes(Array(buffer[..<at.lowerBound]))) }
        pieces.append(.ended)
      }
      let isLast = buffer[at.upperBound] == 45 && buffer[at.upperBound + 1] == 45
      buffer.removeFirst(at.upperBound)
      state = isLast ? .done : .head
      return true
    case .head:
      guard let end = buffer.range(of: Array("\r\n\r\n".utf8)) else {
        guard buffer.count < 16_384 else { throw Failure.headTooLong }
        return false
      }
      let head = String(decoding: buffer[..<end.lowerBound], as: UTF8.self)
      buffer.removeFirst(end.upperBound)
      if !foundFile, let name = Self.fileName(inHead: head) {
        foundFile = true
        pieces.append(.began(name: name))
        state = .file
      } else {
        state = .otherPart
      }
      return true
    }
  }

  private static func fileName(inHead head: String) -> String? {
    guard let at = head.range(of: "filename=\"") else { return nil }
    let name = head[at.upperBound...].prefix { $0 != "\"" && $0 != "\r" }
    let last = name.split { $0 == "/" || $0 == "\\" }.last.map(String.init) ?? ""
    return last.isEmpty || last == "." || last == ".." ? nil : last
  }
}

extension [UInt8] {
  /// The first place where `pattern` stands.
  fileprivate func range(of pattern: [UInt8]) -> Range<Int>? {
    withUnsafeBytes { bytes in
      pattern.withUnsafeBytes { wanted in
        guard let start = bytes.baseAddress, let all = wanted.baseAddress, !wanted.isEmpty else {
          return nil
        }
        // By the first byte, which memchr finds many bytes at a time.
        var from = 0
        while from + wanted.count <= bytes.count,
          let found = memchr(start + from, Int32(wanted[0]), bytes.count - wanted.count - from + 1)
        {
          let at = start.distance(to: UnsafeRawPointer(found))
          if memcmp(start + at, all, wanted.count) == 0 { return at..<(at + wanted.count) }
          from = at + 1
        }
        return nil
      }
    }
  }
}
