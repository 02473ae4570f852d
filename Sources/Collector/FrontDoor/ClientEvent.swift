package import CustomerJourney

/// One event as a client sent it, before anything was judged.
package struct ClientEvent: Sendable {
  package enum Act: Hashable, Sendable {
    /// Something happened.
    case touchpoint
    /// The client says who a person is, or what is known of it.
    case identify
    /// The client says that two ids are of one person.
    case alias
    /// The client says which company a person belongs to.
    case group
  }

  /// Its place in the request.
  package var index: Int
  package var act = Act.touchpoint
  /// The event's name, as the client has it; not needed for acts that are no touchpoint.
  package var name = ""

  // MARK: Who

  package var userID: String?
  package var anonymousID: String?
  /// The id by which a person was known before; for ``Act/alias``.
  package var previousID: String?
  /// Whole keys (``CustomerKey``) of the person's device and of other systems' ids of the person.
  package var otherKeys: [String] = []
  /// A company or other group, by the client's id.
  package var account: String?

  // MARK: When

  /// By the client's clock.
  package var occurred: Timestamp?
  /// When the client sent it, by the same clock. Where both are given the difference between our
  /// clock and the client's is taken out of ``occurred``.
  package var sent: Timestamp?
  package var utcOffsetMinutes: Int?
  /// Tells a retry. Nil when the protocol has none.
  package var messageID: String?

  // MARK: Where and what

  /// Nil takes the source's own channel.
  package var channel: Channel?
  /// What was seen, downloaded, clicked or bought; nil takes the page's path.
  package var content: String?
  package var page: ClientPage
  package var campaign: CampaignTags
  package var amount: ClientAmount?
  package var device: ClientDevice

  // MARK: What the person allows

  /// By purpose, as far as the client says.
  package var consents: [(purpose: String, isGiven: Bool)] = []
  /// The client tells that Global Privacy Control is on.
  package var privacyControl = false

  // MARK: All else

  /// By dotted path.
  package var properties: PropertyList
  package var traits: PropertyList
  package var accountTraits: PropertyList

  package init(index: Int = 0) {
    self.index = index
    page = ClientPage()
    campaign = CampaignTags()
    device = ClientDevice()
    properties = PropertyList()
    traits = PropertyList()
    accountTraits = PropertyList()
  }

  /// Adds a key that the person has besides, when its id is one.
  mutating func addKey(_ key: (String) -> String, _ id: String) {
    guard otherKeys.count < Limits.keysPerEvent, id.utf8.count <= Limits.nameCharacters,
      !JunkIdentity.isJunk(id.trimmed)
    else { return }
    otherKeys.append(key(id.trimmed.withoutNUL))
  }
}

/// The page or screen at which an event happened.
package struct ClientPage: Hashable, Sendable {
  package var url: String?
  package var path: String?
  package var title: String?
  /// The page before, empty when the client says that there was none and nil when it says nothing.
  package var referrer: String?

  package init(
    url: String? = nil, path: String? = nil, title: String? = nil, referrer: String? = nil
  ) {
    self.url = url
    self.path = path
    self.title = title
    self.referrer = referrer
  }
}

/// What a link says of the campaign that it belongs to. Tags in the page's address are read later,
/// for all dialects.
package struct CampaignTags: Hashable, Sendable {
  package var source: String?
  package var medium: String?
  package var name: String?
  package var term: String?
  package var content: String?
  package var id: String?

  package init(
    source: String? = nil, medium: String? = nil, name: String? = nil, term: String? = nil,
    content: String? = nil, id: String? = nil
  ) {
    self.source = source
    self.medium = medium
    self.name = name
    self.term = term
    self.content = content
    self.id = id
  }

  package var isEmpty: Bool {
    source == nil && medium == nil && name == nil && term == nil && content == nil && id == nil
  }
}

/// An amount as a client has it: a number of major units, and a currency code or nil.
package struct ClientAmount: Hashable, Sendable {
  package var number: Double
  package var currency: String?

  package init(number: Double, currency: String? = nil) {
    self.number = number
    self.currency = currency
  }
}

/// What an event itself says of the device. What it doesn't is taken from the request.
package struct ClientDevice: Hashable, Sendable {
  package var userAgent: String?
  /// `nl-NL`.
  package var language: String?
  /// The person's address where a server sends for it. Used for the country and then forgotten.
  package var address: String?
  /// The kind of device, where the client says it: `mobile`.
  package var kind: String?
  package var system: String?
  package var browser: String?
  /// Country code, where the client says it.
  package var country: String?
  /// An IANA time zone, where the client says it.
  package var timeZone: String?

  package init() {}
}

/// Properties or traits in the making: nested JSON becomes dotted paths, as rules ask for them.
package struct PropertyList: Sendable {
  private var members = FlatJSON()
  /// Two bits for each path by its hash, as in a Bloom filter, so that nearly all new paths are known
  /// to be new without a look.
  private var seen: (UInt64, UInt64) = (0, 0)
  private var mustSettle = false
  /// True when there were more than ``Limits/propertiesPerEvent``; the rest is not in `pairs`.
  package private(set) var isTooLong = false

  package init() {}

  package var isEmpty: Bool { members.isEmpty }
  /// All of them, in order; a path may stand in it twice.
  package var pairs: [Properties.Pair] { members.pairs }

  package mutating func add(_ path: UnsafeBufferPointer<UInt8>, _ value: FlatJSON.Scalar) {
    guard members.count < Limits.propertiesPerEvent else { return isTooLong = true }
    if isRepeated(path) { mustSettle = true }
    members.append(path, value)
    if members.hasEscapes { mustSettle = true }
  }

  package mutating func add(_ path: String, _ value: PropertyValue) {
    var path = path
    path.withUTF8 { path in
      switch value {
      case .text(var text): text.withUTF8 { add(path, .text($0)) }
      case .number(let number): add(path, .number(number))
      case .flag(let flag): add(path, .flag(flag))
      }
    }
  }

  package mutating func add(_ path: String, _ text: String?) {
    if let text, !text.isEmpty { add(path, .text(text)) }
  }

  /// Adds a value, or what is nested in it as `path.member` and `path.0`. Null adds nothing.
  package mutating func add(_ path: UnsafeBufferPointer<UInt8>, _ node: JSONNode) {
    if isTooLong { return }
    if let scalar = node.flatScalar { return add(path, scalar) }
    if node.kind == .object || node.kind == .array {
      add(String(decoding: path, as: UTF8.self), node)
    }
  }

  package mutating func add(_ path: String, _ node: JSONNode) {
    if isTooLong { return }
    switch node.kind {
    case .object: node.forEachMember { key, value in add("\(path).\(key.text)", value) }
    case .array:
      var index = 0
      node.forEachElement { value in
        add("\(path).\(index)", value)
        index += 1
      }
    default:
      var path = path
      path.withUTF8 { path in
        if let scalar = node.flatScalar { add(path, scalar) }
      }
    }
  }

  /// Adds all members of an object by their own names.
  package mutating func addMembers(of node: JSONNode) {
    node.forEachMember { key, value in add(key.bytes, value) }
  }

  /// The last value of that path.
  package subscript(_ path: String) -> PropertyValue? {
    var path = path
    return path.withUTF8 { mayHold($0) } ? members.value(path) : nil
  }

  /// Of a path that is said twice the last holds, and NUL, at which SQLite ends a text, is replaced.
  mutating func settle() {
    guard mustSettle else { return }
    mustSettle = false
    seen = (.max, .max)
    members =
      Properties(
        members.pairs.map { pair in
          var pair = pair
          pair.path = pair.path.withoutNUL
          if case .text(let text) = pair.value { pair.value = .text(text.withoutNUL) }
          return pair
        }
      ).members
  }

  /// Says `value` instead of what was said at this path, in a list that is settled. Counts for no
  /// limit.
  mutating func set(_ path: StaticString, _ value: PropertyValue) {
    let bytes = UnsafeBufferPointer(start: path.utf8Start, count: path.utf8CodeUnitCount)
    guard isRepeated(bytes) else {
      switch value {
      case .text(var text): text.withUTF8 { members.append(bytes, .text($0)) }
      case .number(let number): members.append(bytes, .number(number))
      case .flag(let flag): members.append(bytes, .flag(flag))
      }
      return
    }
    var properties = Properties(distinct: members)
    properties["\(path)"] = value
    members = properties.members
  }

  /// As ``set(_:_:)``; nil, and a text that SQLite would end early, say nothing.
  mutating func set(_ path: StaticString, _ text: String?) {
    if let text, !text.holdsNUL { set(path, .text(text)) }
  }

  /// Takes all out, settled.
  mutating func taken() -> Properties {
    settle()
    return Properties(distinct: exchange(&members, with: FlatJSON()))
  }

  /// True when a member has this path; notes that one has from now on.
  private mutating func isRepeated(_ path: UnsafeBufferPointer<UInt8>) -> Bool {
    if mayHold(path) { return members.holds(path) }
    let hash = Self.hash(path)
    seen.0 |= 1 << (hash & 63)
    seen.1 |= 1 << (hash >> 6 & 63)
    return false
  }

  private func mayHold(_ path: UnsafeBufferPointer<UInt8>) -> Bool {
    let hash = Self.hash(path)
    return seen.0 >> (hash & 63) & seen.1 >> (hash >> 6 & 63) & 1 == 1
  }

  /// By the ends of a path, where paths differ.
  private static func hash(_ path: UnsafeBufferPointer<UInt8>) -> UInt64 {
    var word = UInt64(path.count)
    if path.count >= 8 {
      word = ((word ^ path.word(path.count - 8)) &* 0x9E37_79B9_7F4A_7C15) ^ path.word(0)
    } else {
      for byte in path { word = word << 8 ^ UInt64(byte) }
    }
    return (word &* 0x9E37_79B9_7F4A_7C15) >> 52
  }
}

extension String {
  var holdsNUL: Bool {
    utf8.withContiguousStorageIfAvailable { $0.holds(0) } ?? utf8.contains(0)
  }

  /// SQLite ends a text at NUL.
  var withoutNUL: String {
    holdsNUL ? replacing("\0", with: "\u{FFFD}") : self
  }
}
