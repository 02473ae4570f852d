import CMaxMindDB
import CustomerJourney
import Foundation

/// A database in MaxMind's format that the user gives, as MaxMind, DB-IP and IPinfo hand out: where
/// an address is. The file stays mapped in memory; who brings a newer one puts it in the place of
/// the old one by renaming.
package final class GeoDatabase: Sendable {
  /// Where an address is, as far as the database knows.
  package struct Place: Hashable, Sendable {
    /// Two letters, ISO 3166-1: `NL`.
    package var country: String?
    /// In English.
    package var region: String?
    package var city: String?
  }

  /// Why a file cannot be used, in one sentence.
  package struct Problem: Error, Hashable, CustomStringConvertible {
    package let description: String
  }

  /// libmaxminddb only reads it after the opening, so that many threads may look up at once.
  private nonisolated(unsafe) let database: UnsafeMutablePointer<MMDB_s>

  /// Throws ``Problem`` when the file cannot be read, is damaged or holds no places.
  package init(path: String) throws {
    let name = URL(filePath: path).lastPathComponent
    let database = UnsafeMutablePointer<MMDB_s>.allocate(capacity: 1)
    let status = MMDB_open(path, UInt32(MMDB_MODE_MMAP), database)
    guard status == MMDB_SUCCESS else {
      database.deallocate()
      let reason = MMDB_strerror(status).map { String(cString: $0) } ?? "error \(status)"
      throw Problem(
        description: "\(name) is no geo database that can be read (\(reason)): give the path of a "
          + ".mmdb file with countries or cities.")
    }
    let type = database.pointee.metadata.database_type.map { String(cString: $0) } ?? ""
    let isOfOther = ["ASN", "ISP", "Anonymous", "Connection", "Domain"].contains {
      type.contains($0)
    }
    guard !isOfOther else {
      MMDB_close(database)
      database.deallocate()
      throw Problem(
        description: "\(name) is a database of \(type), which knows no countries: give one of "
          + "countries or cities.")
    }
    self.database = database
  }

  deinit {
    MMDB_close(database)
    database.deallocate()
  }

  /// Nil for private and unknown addresses, and where the database is damaged there.
  package func place(of address: IPAddress) -> Place? {
    var error: Int32 = 0
    var result = address.withSocketAddress { MMDB_lookup_sockaddr(database, $0, &error) }
    guard error == MMDB_SUCCESS, result.found_entry else { return nil }
    func text(_ path: [StaticString]) -> String? {
      var pointers: [UnsafePointer<CChar>?] = path.map {
        UnsafeRawPointer($0.utf8Start).assumingMemoryBound(to: CChar.self)
      }
      pointers.append(nil)
      var data = MMDB_entry_data_s()
      guard MMDB_aget_value(&result.entry, &data, pointers) == MMDB_SUCCESS, data.has_data,
        data.type == UInt32(MMDB_DATA_TYPE_UTF8_STRING), data.data_size > 0,
        data.data_size <= Limits.nameCharacters, let start = data.utf8_string
      else { return nil }
      let bytes = UnsafeRawBufferPointer(start: start, count: Int(data.data_size))
      return String(decoding: bytes, as: UTF8.self)
    }
    // Nested as MaxMind and DB-IP have it, flat as IPinfo has it.
    let code =
      text(["country", "iso_code"]) ?? text(["country_code"]) ?? text(["country"])
      ?? text(["registered_country", "iso_code"])
    let place = Place(
      country: code.flatMap(CountryCode.of),
      region: text(["subdivisions", "0", "names", "en"]) ?? text(["region"]),
      city: text(["city", "names", "en"]) ?? text(["city"]))
    return place == Place() ? nil : place
  }
}

/// A country's code in two capitals.
enum CountryCode {
  static func of(_ text: String) -> String? {
    let text = text.trimmed
    guard text.utf8.count == 2, text.utf8.allSatisfy({ ($0 | 32) &- 97 < 26 }) else { return nil }
    let code = text.uppercased()
    // Written for unknown, for proxies and for Tor.
    return ["XX", "ZZ", "A1", "A2", "T1"].contains(code) ? nil : code
  }
}

/// An address on the internet, in bytes. Exists while a request is read, and is stored nowhere.
package struct IPAddress: Hashable, Sendable {
  private enum Form: Hashable, Sendable {
    case v4(UInt32)
    case v6([UInt8])
  }
  private let form: Form

  /// Reads `192.0.2.1`, `192.0.2.1:443`, `2001:db8::1`, `[2001:db8::1]:443` and `::ffff:192.0.2.1`.
  package init?(_ text: some StringProtocol) {
    var text = text.trimmed
    guard text.utf8.count <= 64 else { return nil }
    if text.hasPrefix("["), let end = text.firstIndex(of: "]") {
      text = String(text[text.index(after: text.startIndex)..<end])
    } else if let colon = text.firstIndex(of: ":"), colon == text.lastIndex(of: ":") {
      text = String(text[..<colon])
    }
    if let zone = text.firstIndex(of: "%") { text = String(text[..<zone]) }
    var four = in_addr()
    if inet_pton(AF_INET, text, &four) == 1 {
      form = .v4(four.s_addr)
      return
    }
    var six = in6_addr()
    guard inet_pton(AF_INET6, text, &six) == 1 else { return nil }
    let bytes = withUnsafeBytes(of: &six) { Array($0) }
    let mapped: [UInt8] = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF]
    if bytes.starts(with: mapped) {
      form = .v4(bytes[12...].withUnsafeBytes { $0.loadUnaligned(as: UInt32.self) })
    } else {
      form = .v6(bytes)
    }
  }

  func withSocketAddress<Result>(_ body: (UnsafePointer<sockaddr>) -> Result) -> Result {
    switch form {
    case .v4(let number):
      var address = sockaddr_in()
      address.sin_family = sa_family_t(AF_INET)
      address.sin_addr.s_addr = number
      return withUnsafePointer(to: &address) {
        $0.withMemoryRebound(to: sockaddr.self, capacity: 1, body)
      }
    case .v6(let bytes):
      var address = sockaddr_in6()
      address.sin6_family = sa_family_t(AF_INET6)
      withUnsafeMutableBytes(of: &address.sin6_addr) { $0.copyBytes(from: bytes) }
      return withUnsafePointer(to: &address) {
        $0.withMemoryRebound(to: sockaddr.self, capacity: 1, body)
      }
    }
  }
}
