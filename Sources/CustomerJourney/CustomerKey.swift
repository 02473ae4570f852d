/// Keys by which touchpoints name customers: each is one identity, of one kind.
///
/// The id of a customer whom the client knows is that customer's key as it is. Keys of all other kinds
/// begin with the kind's name, so that a browser cannot speak in a customer's name by choosing an
/// anonymous id.
package enum CustomerKey {
  /// Of somebody whom the client knows. An id that looks like a key of another kind is none.
  package static func user(_ id: String) -> String {
    switch id.utf8.first {
    case UInt8(ascii: "a"), UInt8(ascii: "d"), UInt8(ascii: "e"), UInt8(ascii: "p"),
      UInt8(ascii: "u"):
      hasPrefix(id) ? userPrefix + id : id
    default: id
    }
  }

  /// Of somebody whose name the client doesn't know.
  package static func anonymous(_ id: String) -> String {
    // For every event of a browser: without the steps that text takes to grow.
    let prefix: StaticString = "anonymous:"
    var id = id
    return id.withUTF8 { id in
      String(unsafeUninitializedCapacity: prefix.utf8CodeUnitCount + id.count) { text in
        var pen = Pen(text)
        pen.put(UnsafeBufferPointer(start: prefix.utf8Start, count: prefix.utf8CodeUnitCount))
        pen.put(id)
        return pen.at
      }
    }
  }
  package static func device(_ id: String) -> String { "device:" + id }
  /// The id of a customer in another system: `external:salesforce:0035`.
  package static func external(_ id: String, system: String) -> String {
    "external:\(system):\(id)"
  }
  /// Nil when the text is no address, or one that belongs to nobody.
  package static func email(_ text: String) -> String? {
    EmailAddress.normalised(text).flatMap { JunkIdentity.isJunk(email: $0) ? nil : "email:" + $0 }
  }
  /// Nil when the text is no number that is the same everywhere.
  package static func phone(_ text: String, country: String? = nil) -> String? {
    PhoneNumber.normalised(text, country: country).map { "phone:" + $0 }
  }

  /// The addresses among what is known of a person.
  package static func keys(inTraits trait: (String) -> PropertyValue?) -> [String] {
    func text(_ name: String) -> String? {
      if case .text(let text) = trait(name) { text } else { nil }
    }
    let country = text("address.country") ?? text("country")
    return [
      text("email").flatMap(email), text("phone").flatMap { phone($0, country: country) },
    ].compactMap { $0 }
  }

  private static let userPrefix = "user:"

  private static func hasPrefix(_ id: String) -> Bool {
    id.hasPrefix(userPrefix)
      || IdentityKind.allCases.contains { !$0.prefix.isEmpty && id.hasPrefix($0.prefix) }
  }

  package static func kind(of key: String) -> IdentityKind {
    IdentityKind.allCases.first { !$0.prefix.isEmpty && key.hasPrefix($0.prefix) } ?? .user
  }
}

/// What a key is, the strongest first: a weaker identity belongs to a stronger one.
package enum IdentityKind: Int, Comparable, CaseIterable, Sendable, Codable {
  case user, external, email, phone, device, anonymous

  package var name: String {
    switch self {
    case .user: "user"
    case .external: "external"
    case .email: "email"
    case .phone: "phone"
    case .device: "device"
    case .anonymous: "anonymous"
    }
  }

  /// With which keys of this kind begin.
  package var prefix: String { self == .user ? "" : name + ":" }

  /// True when the identity is a browser's or a device's own: it may say itself whose it is.
  package var isOfADevice: Bool { self >= .device }

  package static func < (a: Self, b: Self) -> Bool { a.rawValue < b.rawValue }
}

/// Whose word something is, the least trusted first.
package enum Claimant: Int, Comparable, CaseIterable, Sendable, Codable {
  /// Somebody who has a key that every visitor of a page can read.
  case browser
  /// A system that keeps its key to itself.
  case server
  /// A file that was imported.
  case file
  /// Somebody who works here.
  case person

  package var name: String {
    switch self {
    case .browser: "browser"
    case .server: "server"
    case .file: "file"
    case .person: "person"
    }
  }

  package static func < (a: Self, b: Self) -> Bool { a.rawValue < b.rawValue }
}

/// Mail addresses as identities.
package enum EmailAddress {
  /// Trimmed and in lower case; nil for what is no address. What stands before the @ may be told apart
  /// by case in theory, and is by no provider.
  package static func normalised(_ text: String) -> String? {
    var address = Substring(text.lowercased()).trimmedSpace
    if address.hasPrefix("mailto:") { address = address.dropFirst(7) }
    guard address.utf8.count <= 254,
      address.utf8.allSatisfy({ $0 > 32 && $0 != 127 && !Self.forbidden.contains($0) })
    else { return nil }
    let parts = address.split(separator: "@", omittingEmptySubsequences: false)
    guard parts.count == 2, !parts[0].isEmpty, parts[0].utf8.count <= 64 else { return nil }
    let labels = parts[1].split(separator: ".", omittingEmptySubsequences: false)
    guard labels.count >= 2, labels.allSatisfy({ !$0.isEmpty }) else { return nil }
    return String(address)
  }

  private static let forbidden = Set(",;:<>()[]\"\\".utf8)
}

/// Phone numbers as identities.
package enum PhoneNumber {
  /// Digits with `+` and the country's code before them (E.164); nil where that is not certain.
  ///
  /// A number without country code counts when `country` (`NL`) is one whose numbers begin with one 0
  /// in the country and without it abroad.
  package static func normalised(_ text: String, country: String? = nil) -> String? {
    var digits = ""
    var isInternational = false
    for scalar in text.unicodeScalars {
      switch scalar {
      case "0"..."9": digits.unicodeScalars.append(scalar)
      case "+" where digits.isEmpty && !isInternational: isInternational = true
      case " ", "-", ".", "/", "(", ")", "\u{A0}": continue
      default: return nil
      }
    }
    if !isInternational, digits.hasPrefix("00") {
      isInternational = true
      digits.removeFirst(2)
    }
    if isInternational {
      // +31 (0)6 …: the 0 is not dialled from abroad.
      for code in trunkCodes.values where digits.hasPrefix(code + "0") {
        digits = code + digits.dropFirst(code.count + 1)
        break
      }
    } else {
      guard let code = country.flatMap({ trunkCodes[$0.uppercased()] }), digits.hasPrefix("0")
      else { return nil }
      digits = code + digits.dropFirst()
    }
    guard (8...15).contains(digits.count), !digits.hasPrefix("0"),
      Set(digits.dropFirst(3)).count > 1
    else { return nil }
    return "+" + digits
  }

  /// Countries that write a 0 before a number which falls away after the country's code.
  private static let trunkCodes = [
    "NL": "31", "BE": "32", "DE": "49", "FR": "33", "GB": "44", "AT": "43", "CH": "41", "SE": "46",
  ]
}

extension Substring {
  fileprivate var trimmedSpace: Substring {
    let blank: (Character) -> Bool = { $0.isWhitespace }
    var rest = drop(while: blank)
    while let last = rest.last, blank(last) { rest.removeLast() }
    return rest
  }
}
