import CZlib

/// The script that pages load as `/klantreis.js`; docs/tracker.md says what it does.
package enum Tracker {
  package static let contentType = "text/javascript; charset=utf-8"
  /// As it is served: the source without comments and indentation.
  package static let script = lean(PackageResources.klantreis_js)
  /// ``script`` as gzip. Nil when zlib refuses; then the plain one has to do.
  package static let packed = gzip(script)
  /// Weak, because both forms have the same one: `W/"1f…"`.
  package static let etag = "W/\"\(fingerprint(script))\""

  /// Takes out what only readers need: lines that are a comment as a whole, indentation, and spaces
  /// and line ends beside signs.
  ///
  /// The source keeps to what makes this safe: a comment has lines of its own, texts stand in double
  /// quotes and on one line, patterns hold neither spaces nor quotes, and no sign follows itself
  /// after a space.
  static func lean(_ source: [UInt8]) -> [UInt8] {
    var out: [UInt8] = []
    out.reserveCapacity(source.count)
    for line in source.split(separator: UInt8(ascii: "\n")) {
      let code = line.drop { $0 == UInt8(ascii: " ") }
      guard !code.isEmpty, !code.starts(with: "//".utf8) else { continue }
      if let end = out.last, !opening.contains(end) { out.append(UInt8(ascii: "\n")) }
      var isText = false
      for (index, byte) in zip(code.indices, code) {
        if byte == UInt8(ascii: "\"") { isText.toggle() }
        if byte == UInt8(ascii: " "), !isText, let before = out.last,
          signs.contains(before) || code[(index + 1)...].first.map(signs.contains) ?? true
        {
          continue
        }
        out.append(byte)
      }
    }
    return out
  }

  /// After these a line may end without ending anything.
  private static let opening = Set(";{,(".utf8)
  private static let signs = Set("=><?:+-*&|!{}(),;".utf8)

  private static func gzip(_ bytes: [UInt8]) -> [UInt8]? {
    var stream = z_stream()
    // 16 more than the window's bits: a gzip head instead of zlib's.
    guard
      deflateInit2_(
        &stream, Z_BEST_COMPRESSION, Z_DEFLATED, MAX_WBITS + 16, 9, Z_DEFAULT_STRATEGY,
        ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK
    else { return nil }
    defer { deflateEnd(&stream) }
    var input = bytes
    var out = [UInt8](repeating: 0, count: Int(deflateBound(&stream, UInt(input.count))))
    let status = input.withUnsafeMutableBufferPointer { input in
      out.withUnsafeMutableBufferPointer { out in
        stream.next_in = input.baseAddress
        stream.avail_in = UInt32(input.count)
        stream.next_out = out.baseAddress
        stream.avail_out = UInt32(out.count)
        return deflate(&stream, Z_FINISH)
      }
    }
    guard status == Z_STREAM_END else { return nil }
    out.removeLast(Int(stream.avail_out))
    return out
  }

  /// FNV-1a, 64 bits: not to guard against anyone, only to tell versions apart.
  private static func fingerprint(_ bytes: [UInt8]) -> String {
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    for byte in bytes { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
    return String(hash, radix: 16)
  }
}
