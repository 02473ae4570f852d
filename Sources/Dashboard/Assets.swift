import CustomerJourney

/// The files that pages ask for besides themselves; all are part of the program.
package enum Assets {
  package struct Asset: Sendable {
    package let contentType: String
    package let bytes: [UInt8]
    /// Quoted, as the header has it; changes with the bytes.
    package let etag: String
  }

  /// By path. Pages ask for them with a mark of their version, so that they can be kept for long.
  package static let all: [String: Asset] = [
    "/assets/klantreis.css": asset(
      "text/css; charset=utf-8",
      PackageResources.klantreis_css + Array(Palette.css.utf8)
        + Array(MapGrid.css.utf8)),
    "/assets/klantreis.js": asset(
      "text/javascript; charset=utf-8", PackageResources.klantreis_js),
    "/assets/favicon.svg": asset("image/svg+xml", PackageResources.favicon_svg),
  ]

  /// The path with the version in its query, as pages link to it.
  static func link(_ path: String) -> String {
    let version = all[path].map { $0.etag.filter { $0 != "\"" } } ?? ""
    return "\(path)?v=\(version)"
  }

  private static func asset(_ contentType: String, _ bytes: [UInt8]) -> Asset {
    Asset(contentType: contentType, bytes: bytes, etag: "\"\(fingerprint(bytes))\"")
  }

  /// FNV-1a, 64 bits: not to guard against anyone, only to tell versions apart.
  private static func fingerprint(_ bytes: [UInt8]) -> String {
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    for byte in bytes { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
    return String(hash, radix: 16)
  }
}
