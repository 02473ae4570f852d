import Access
import CustomerJourney
import Dashboard
import Foundation
import Orchestration
import Store

/// Links by which customers say what may be done, without login.
struct ConsentLinks {
  let workspace: Workspace
  /// What a link is about: somebody, and where it is about one thing the channel and the purpose.
  struct Subject: Equatable {
    var person: String
    var channel: Channel?
    var purpose: String?

    init(person: String, channel: Channel? = nil, purpose: String? = nil) {
      self.person = person
      self.channel = channel
      self.purpose = purpose
    }

    init(_ text: String) {
      let lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
      person = lines[0]
      channel = lines.count > 1 && !lines[1].isEmpty ? Channel(lines[1]) : nil
      purpose = lines.count > 2 && !lines[2].isEmpty ? lines[2] : nil
    }

    var text: String {
      guard channel != nil || purpose != nil else { return person }
      return [person, channel?.name ?? "", purpose ?? ""].joined(separator: "\n")
    }
  }

  /// The path of a link for whoever has a key. Nil where nobody has it.
  func path(
    _ purpose: SignedLink.Purpose, of key: String, channel: Channel? = nil, about: String? = nil,
    at now: Timestamp
  ) throws -> String? {
    guard let person = try workspace.store.linkSubject(ofKey: key) else { return nil }
    let days = purpose == .confirmation ? Limits.confirmationLinkDays : Limits.preferenceLinkDays
    let subject = Subject(person: person, channel: channel, purpose: about)
    let link = SignedLink(
      purpose, subject: subject.text, expires: now.adding(seconds: days * 86_400))
    let folder =
      switch purpose {
      case .unsubscribe: "unsubscribe"
      case .confirmation: "confirm"
      default: "preferences"
      }
    return "/\(folder)/\(link.token(key: try workspace.linkKey()))"
  }

  /// Who holds a link, by key, and what it is about. Nil when it opens nothing, or nobody any more.
  func opened(
    _ token: String, for purpose: SignedLink.Purpose, at now: Timestamp
  ) throws -> (key: String, subject: Subject)? {
    do {
      let link = try SignedLink(
        token: token, purpose: purpose, key: try workspace.linkKey(), now: now)
      let subject = Subject(link.subject)
      return try workspace.store.key(ofLinkSubject: subject.person).map { ($0, subject) }
    } catch is LinkProblem {
      return nil
    }
  }
}

extension Workspace {
  /// For the customer's page; nil where nobody has the key.
  func consentCard(of key: String) throws -> ConsentCard? {
    guard try store.customer(key: key) != nil else { return nil }
    let known = try consent(of: key)
    return ConsentCard(
      key: known.key, standings: known.standings, entries: known.entries,
      purposes: known.asked.purposes)
  }

  /// What one customer allows. Throws ``PrivacyProblem``.
  func consent(of key: String) throws -> (
    key: String, standings: [ConsentStanding], entries: [ConsentEntry], asked: Store.AskedPurposes
  ) {
    guard let customer = try store.customer(key: key),
      let own = try store.customerKeys([customer])[customer]
    else { throw PrivacyProblem.unknown }
    let (asked, entries) = (try store.purposes(), try store.consents(ofCustomer: customer))
    return (own, ConsentStanding.all(of: entries, asked: asked.purposes), entries, asked)
  }

  /// Writes down that a customer is asked to confirm a yes, and mails the question in the customer's
  /// language, or in `language`. Returns the link's path where no mail can go, so that it can be given
  /// in another way. Blocks. Throws ``PrivacyProblem`` and ``MailNotSent``.
  func askConfirmation(
    _ grant: ConsentGrant, of key: String, language: Language, at now: Timestamp,
    noting deed: (_ customer: String) -> Deed
  ) throws -> String? {
    let known = try consent(of: key)
    guard let purpose = known.asked.purposes.first(where: { $0.id == grant.purpose }) else {
      throw PrivacyProblem.badPurposes("there is none called \(grant.purpose)")
    }
    guard
      let path = try ConsentLinks(workspace: self).path(
        .confirmation, of: known.key, channel: grant.channel, about: grant.purpose, at: now),
      let customer = try store.customer(key: known.key)
    else { throw PrivacyProblem.unknown }
    let traits = try store.traits(of: [customer])[customer] ?? [:]
    let said = (traits["language"] ?? traits["locale"])?.description.prefix(2).lowercased()
    let language = said.flatMap { Language(rawValue: $0) } ?? language
    let words = "\(purpose.name(language)): \(purpose.text(language))"
    let deed = deed(try loggedNumber(ofCustomer: known.key))
    try store.add(
      [
        ConsentEntry(
          key: known.key, purpose: grant.purpose, channel: grant.channel, state: .pending,
          happened: now, means: .request, by: deed.actor, page: "mail", words: words,
          version: String(known.asked.version))
      ], deed)
    guard let url = (try? mailSettings())?.url, case .text(let text)? = traits["email"],
      let address = MailAddress(text),
      // An address that refused us, or whose owner complained, gets nothing, this neither.
      try store.suppression(try digest(of: address)) == nil
    else { return path }
    let mail = Pages.confirmationMail(what: words, link: url + path, language)
    try sendNow(subject: mail.subject, text: mail.text, to: address)
    return nil
  }

  /// Notes an answer of a customer, if it changes what holds. Only what asked for it can answer a
  /// confirmation.
  func answer(
    _ grants: [(grant: ConsentGrant, isGiven: Bool)], of key: String, by means: ConsentMeans,
    page: String, language: Language, at now: Timestamp
  ) throws {
    let known = try consent(of: key)
    let entries = grants.compactMap { grant, isGiven -> ConsentEntry? in
      let old = known.standings.first { $0.grant.means(grant) }
      let isNews =
        switch old?.deciding {
        case nil: isGiven != (old?.isAllowed ?? false) || (!isGiven && means == .unsubscribe)
        case let decides?: decides.state == .pending || isGiven != (decides.state == .given)
        }
      guard isNews else { return nil }
      let purpose = known.asked.purposes.first { $0.id == grant.purpose }
      return ConsentEntry(
        key: key, purpose: grant.purpose, channel: grant.channel,
        state: isGiven ? .given : .refused, happened: now, means: means, by: "customer", page: page,
        words: purpose.map { "\($0.name(language)): \($0.text(language))" },
        version: String(known.asked.version))
    }
    try store.add(entries)
  }
}
