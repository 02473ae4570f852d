/// What data are used for, as customers are asked about it.
package struct ConsentPurpose: Hashable, Sendable, Codable, Identifiable {
  /// In rules and messages: `marketing`.
  package var id: String
  package var name: LocalizedText
  /// What happens for it, in words that a customer understands.
  package var text: LocalizedText
  /// False where the law needs no yes: then it may be done until somebody says no.
  package var needsOptIn: Bool
  /// Where it is used. Another channel has no line on the customer's page.
  package var channels: [Channel]

  package init(
    id: String, name: LocalizedText, text: LocalizedText, needsOptIn: Bool, channels: [Channel]
  ) {
    self.id = id
    self.name = name
    self.text = text
    self.needsOptIn = needsOptIn
    self.channels = channels
  }

  /// What a new project asks about.
  package static let usual = [
    ConsentPurpose(
      id: "marketing", name: LocalizedText(en: "Offers and news", nl: "Aanbiedingen en nieuws"),
      text: LocalizedText(
        en: "We send you offers and news of our own products.",
        nl: "Wij sturen u aanbiedingen en nieuws over onze eigen producten."),
      needsOptIn: true,
      channels: [.email, Channel("SMS"), Channel("Post"), Channel("Phone")]),
    ConsentPurpose(
      id: "analytics", name: LocalizedText(en: "Improving our site", nl: "Onze site verbeteren"),
      text: LocalizedText(
        en: "We look at what you do on our site and with our mails, to make them better.",
        nl: "Wij kijken wat u op onze site en met onze mails doet, om die beter te maken."),
      needsOptIn: true, channels: [.website, .email]),
    ConsentPurpose(
      id: "personalisation",
      name: LocalizedText(en: "Suggestions that suit you", nl: "Suggesties die bij u passen"),
      text: LocalizedText(
        en: "We choose what we show you by what you looked at and bought before.",
        nl: "Wij kiezen wat u ziet op basis van wat u eerder bekeek en kocht."),
      needsOptIn: true, channels: [.website, .email]),
    ConsentPurpose(
      id: "service", name: LocalizedText(en: "About your orders", nl: "Over uw bestellingen"),
      text: LocalizedText(
        en: "We write to you about what you ordered: when it comes, what changes, how it was.",
        nl: "Wij berichten u over wat u bestelde: wanneer het komt, wat verandert, hoe het beviel."),
      needsOptIn: false, channels: [.email, Channel("SMS"), Channel("Phone")]),
  ]
}

/// What somebody said about one purpose on one channel.
package enum ConsentState: String, Hashable, Sendable, Codable, CaseIterable {
  case given
  /// Asked for, or said by somebody whose word is not enough: counts as no until it is confirmed.
  case pending
  case refused

  /// The strictest last.
  fileprivate var strictness: Int {
    switch self {
    case .pending: 0
    case .given: 1
    case .refused: 2
    }
  }
}

/// How it was said.
package enum ConsentMeans: String, Hashable, Sendable, Codable, CaseIterable {
  /// By the customer, on the page of preferences.
  case preferences
  /// By the customer, with the link in a message.
  case unsubscribe
  /// By the customer, who confirmed an address by the link in a mail.
  case confirmation
  /// A mail asks for a confirmation.
  case request
  /// By a visitor of a page or an app.
  case tracker
  /// By a system or a file.
  case server, file
  /// Somebody here wrote down what the customer said.
  case noted
  /// An existing customer, by all five conditions of the exception.
  case existingCustomer

  /// What the customer did in person, and shows it.
  package var isAct: Bool { [.preferences, .unsubscribe, .confirmation].contains(self) }
}

/// One line of the ledger, with its proof. Lines are only ever added.
package struct ConsentEntry: Hashable, Sendable, Codable {
  /// The identity of whom it was said.
  package var key: String
  package var purpose: String
  package var channel: Channel
  package var state: ConsentState
  /// When it was said, and when it came here.
  package var happened: Timestamp
  package var received: Timestamp
  package var means: ConsentMeans
  /// The source, or the user here who wrote it down.
  package var by: String
  /// The page or form on which it was said.
  package var page: String?
  /// The words that the customer saw, and which version of them.
  package var words: String?
  package var version: String?

  package init(
    key: String, purpose: String, channel: Channel, state: ConsentState, happened: Timestamp,
    received: Timestamp? = nil, means: ConsentMeans, by: String, page: String? = nil,
    words: String? = nil, version: String? = nil
  ) {
    self.key = key
    self.purpose = purpose
    self.channel = channel
    self.state = state
    self.happened = happened
    self.received = received ?? happened
    self.means = means
    self.by = by
    self.page = page
    self.words = words
    self.version = version
  }

  package var grant: ConsentGrant { ConsentGrant(channel: channel, purpose: purpose) }

  /// What one identity's last word, or a person's own act, makes of one purpose on one channel.
  ///
  /// The customer's last own act counts for all identities. Of each identity only the last word counts,
  /// and none from before that act. Where identities differ then, the strictest word counts. A question
  /// counts only where there is no answer.
  package static func state(of entries: some Sequence<ConsentEntry>) -> ConsentState? {
    deciding(entries)?.state
  }

  /// The line that decides; nil without any.
  package static func deciding(_ entries: some Sequence<ConsentEntry>) -> ConsentEntry? {
    let all = Array(entries)
    // A question takes nothing back, so that asking again costs no consent.
    let answers = all.filter { $0.state != .pending }
    guard !answers.isEmpty else { return all.max { isLater($1, $0) } }
    var act: ConsentEntry?
    var last: [String: ConsentEntry] = [:]
    for entry in answers {
      if entry.means.isAct, act.map({ isLater(entry, $0) }) ?? true { act = entry }
      if last[entry.key].map({ isLater(entry, $0) }) ?? true { last[entry.key] = entry }
    }
    var words = Array(last.values)
    if let act {
      words = words.filter { $0.key != act.key && isLater($0, act) }
      // Of the act's own identity a later word takes its place.
      words.append(last[act.key].map { isLater($0, act) ? $0 : act } ?? act)
    }
    return words.max { a, b in
      (a.state.strictness, a.happened, a.key) < (b.state.strictness, b.happened, b.key)
    }
  }

  /// Of two of one moment the stricter is the later one.
  private static func isLater(_ a: ConsentEntry, _ b: ConsentEntry) -> Bool {
    (a.happened, a.state.strictness, a.means.rawValue)
      > (b.happened, b.state.strictness, b.means.rawValue)
  }
}

/// Of each purpose and channel about which something is known of a customer: what holds, and the line
/// that decides.
package struct ConsentStanding: Hashable, Sendable, Codable {
  package var grant: ConsentGrant
  package var isAllowed: Bool
  /// Nil where nothing was said.
  package var deciding: ConsentEntry?

  package init(grant: ConsentGrant, isAllowed: Bool, deciding: ConsentEntry? = nil) {
    self.grant = grant
    self.isAllowed = isAllowed
    self.deciding = deciding
  }

  /// All that the purposes ask about, and all that was said besides.
  package static func all(
    of entries: [ConsentEntry], asked purposes: [ConsentPurpose]
  ) -> [ConsentStanding] {
    let byGrant = Dictionary(grouping: entries) { grantKey($0.grant) }
    var seen: Set<String> = []
    var grants: [(ConsentGrant, isFree: Bool)] = []
    for purpose in purposes {
      for channel in purpose.channels {
        let grant = ConsentGrant(channel: channel, purpose: purpose.id)
        if seen.insert(grantKey(grant)).inserted { grants.append((grant, !purpose.needsOptIn)) }
      }
    }
    for entry in entries.sorted(by: {
      ($0.purpose, $0.channel.name) < ($1.purpose, $1.channel.name)
    })
    where seen.insert(grantKey(entry.grant)).inserted {
      grants.append((entry.grant, purposes.contains { $0.id == entry.purpose && !$0.needsOptIn }))
    }
    return grants.map { grant, isFree in
      let deciding = byGrant[grantKey(grant)].flatMap { ConsentEntry.deciding($0) }
      return ConsentStanding(
        grant: grant, isAllowed: deciding.map { $0.state == .given } ?? isFree, deciding: deciding)
    }
  }

  private static func grantKey(_ grant: ConsentGrant) -> String {
    "\(Vocabulary.key(grant.purpose))\n\(grant.channel.key)"
  }
}

/// What a client said of a consent, before it is known how much its word counts.
package struct ConsentClaim: Hashable, Sendable {
  package var customer: String
  package var purpose: String
  package var channel: Channel
  package var isGiven: Bool
  package var happened: Timestamp
  package var received: Timestamp
  package var source: String
  package var claimant: Claimant
  package var page: String?
  package var words: String?
  package var version: String?
  /// False where an event only tells what held at its time: kept where it is news.
  package var isSaid: Bool

  package init(
    customer: String, purpose: String, channel: Channel, isGiven: Bool, happened: Timestamp,
    received: Timestamp, source: String, claimant: Claimant, page: String? = nil,
    words: String? = nil, version: String? = nil, isSaid: Bool
  ) {
    self.customer = customer
    self.purpose = purpose
    self.channel = channel
    self.isGiven = isGiven
    self.happened = happened
    self.received = received
    self.source = source
    self.claimant = claimant
    self.page = page
    self.words = words
    self.version = version
    self.isSaid = isSaid
  }

  /// A trait `consent.CHANNEL.PURPOSE`, as a column of a file may be called, with yes or no in it; nil for
  /// all others.
  package init?(trait name: String, _ value: PropertyValue, of change: ProfileChange) {
    guard name.hasPrefix("consent.") else { return nil }
    let parts = name.split(separator: ".", maxSplits: 2, omittingEmptySubsequences: false)
    guard parts.count == 3, !parts[1].isEmpty, !parts[2].isEmpty,
      let isGiven = Self.answer(value)
    else { return nil }
    self.init(
      customer: change.customer, purpose: String(parts[2]), channel: Channel(String(parts[1])),
      isGiven: isGiven, happened: change.occurred, received: change.received,
      source: change.source, claimant: change.claimant, isSaid: change.messageID != nil)
  }

  /// Yes and no as files write them.
  private static func answer(_ value: PropertyValue) -> Bool? {
    switch value {
    case .flag(let flag): return flag
    case .number(let number): return number == 1 ? true : number == 0 ? false : nil
    case .text(let text):
      switch text.lowercased() {
      case "yes", "ja", "true", "1", "y", "j", "granted", "given": return true
      case "no", "nee", "false", "0", "n", "denied", "refused": return false
      default: return nil
      }
    }
  }

  /// As the ledger has it. A browser's word is enough for what happens in it, and for every no; a yes
  /// for anything else waits for a confirmation, since everybody can say it in another's name.
  package var entry: ConsentEntry {
    let isOwn = channel == .website || channel.name == "App"
    let counts = claimant > .browser || isOwn || !isGiven
    return ConsentEntry(
      key: customer, purpose: purpose, channel: channel,
      state: isGiven ? (counts ? .given : .pending) : .refused, happened: happened,
      received: received,
      means: claimant == .browser ? .tracker : claimant == .file ? .file : .server, by: source,
      page: page, words: words, version: version)
  }
}

/// The five conditions under which an existing customer may get mail about own similar products
/// without having asked for it. Only all of them together count.
package enum ExistingCustomerCondition: String, CaseIterable, Sendable, Codable {
  /// The address came with an order that had to be paid.
  case paidOrder
  /// The same company sends that sold.
  case sameCompany
  /// The customer was told then.
  case toldThen
  /// The customer could say no then.
  case optOutThen
  /// It is about own, similar products.
  case ownSimilarProducts
}
