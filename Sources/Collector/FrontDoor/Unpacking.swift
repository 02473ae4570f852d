import CZlib
import CustomerJourney

/// Unpacks bodies that clients compressed.
enum Unpacking {
  /// `encoding` is the header `content-encoding`. Throws ``Refusal/tooLarge(bytes:)`` as soon as
  /// more than `limit` bytes come out, so that a bomb costs no memory.
  static func unpacked(_ body: [UInt8], encoding: String?, limit: Int) throws(Refusal) -> [UInt8] {
    switch encoding?.lowercased().trimmed ?? "" {
    case "", "identity":
      // Some clients pack without saying so.
      guard body.starts(with: [0x1F, 0x8B]) else {
        guard body.count <= limit else { throw .tooLarge(bytes: limit) }
        return body
      }
      return try inflated(body, limit: limit)
    case "gzip", "x-gzip", "deflate": return try inflated(body, limit: limit)
    default:
      throw .malformed(reason: "its content-encoding is not gzip, deflate or identity")
    }
  }

  private static func inflated(_ body: [UInt8], limit: Int) throws(Refusal) -> [UInt8] {
    guard !body.isEmpty else { return [] }
    var stream = z_stream()
    // 32 more than the window's bits: gzip and zlib are told apart by their heads.
    guard
      inflateInit2_(
        &stream, MAX_WBITS + 32, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK
    else { throw .unavailable }
    defer { inflateEnd(&stream) }
    var out = [UInt8](repeating: 0, count: min(limit, max(4_096, body.count * 8)))
    var written = 0
    var input = body
    let status: Int32 = input.withUnsafeMutableBufferPointer { input in
      stream.next_in = input.baseAddress
      stream.avail_in = UInt32(input.count)
      while true {
        if written == out.count {
          if out.count >= limit { return Z_BUF_ERROR }
          out += [UInt8](repeating: 0, count: min(out.count, limit - out.count))
        }
        let result = out.withUnsafeMutableBufferPointer { out -> Int32 in
          stream.next_out = out.baseAddress.map { $0 + written }
          stream.avail_out = UInt32(out.count - written)
          let result = inflate(&stream, Z_NO_FLUSH)
          written = out.count - Int(stream.avail_out)
          return result
        }
        // A file of gzip may have several members, one after the other, as if they were one.
        if result == Z_STREAM_END, stream.avail_in > 0 {
          guard inflateReset(&stream) == Z_OK else { return Z_DATA_ERROR }
          continue
        }
        if result != Z_OK { return result }
        if stream.avail_in == 0, stream.avail_out > 0 { return Z_DATA_ERROR }
      }
    }
    // One byte more than the limit would be needed to know that the stream ends just there.
    if written >= limit, status != Z_STREAM_END { throw .tooLarge(bytes: limit) }
    guard status == Z_STREAM_END else {
      throw .malformed(reason: "its packed body is damaged or cut off")
    }
    out.removeLast(out.count - written)
    return out
  }
}
