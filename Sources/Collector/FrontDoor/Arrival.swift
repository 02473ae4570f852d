package import CustomerJourney

/// What brought a person here: the marketing channel, the campaign, and the facts they follow from.
///
/// By the published rules of GA4's default channel group, in its order, with the site lists of
/// ``KnownSites``. Where those rules leave a visit unassigned, or name a group that our vocabulary
/// does not have, the choices are ours; docs/collect.md lists them. A source's own rules come first.
struct Arrival: Sendable {
  /// Nil within a visit, and where the client says nothing of a page.
  private(set) var origin: Origin?
  private(set) var tags: CampaignTags
  /// The click id's name, never its value: `gclid`.
  private(set) var click: String?
  /// The host of the page before, when it is another site.
  private(set) var referrer: String?
  private(set) var path: String?
  private(set) var sourcePlatform: String?
  private(set) var marketingTactic: String?

  /// As ``init(of:rules:)``; what follows from the page's address alone is worked out once.
  static func of(_ event: ClientEvent, rules: [OriginRule]) -> Arrival {
    guard rules.isEmpty, event.page.referrer == nil, event.campaign.isEmpty,
      let url = event.page.url
    else { return Arrival(of: event, rules: rules) }
    return byAddress.value(of: url)
  }

  private static let byAddress = Remembered<Arrival> { url in
    var event = ClientEvent()
    event.page.url = url
    return Arrival(of: event, rules: [])
  }

  init(of event: ClientEvent, rules: [OriginRule]) {
    tags = event.campaign
    let page = event.page
    guard page.url != nil || page.path != nil || page.referrer != nil || !tags.isEmpty else {
      return
    }
    var implied: ClickID?
    if let url = page.url {
      LinkTag.forEach(in: url) { tag, value in
        switch tag {
        case .source: tags.source = tags.source ?? value()
        case .medium: tags.medium = tags.medium ?? value()
        case .name: tags.name = tags.name ?? value()
        case .term: tags.term = tags.term ?? value()
        case .content: tags.content = tags.content ?? value()
        case .id: tags.id = tags.id ?? value()
        case .platform: sourcePlatform = value()
        case .tactic: marketingTactic = value()
        case .click(let id):
          if implied?.overrides != true { implied = id.overrides ? id : implied ?? id }
        }
      }
    }
    if let implied { apply(implied) }
    let isTagged = tags.source != nil || tags.medium != nil || tags.name != nil
    var isDirect = false
    var isInside = false
    if let text = page.referrer {
      if let host = PageAddress.host(text) {
        let own = page.url.flatMap(PageAddress.host)
        isInside = own.map { PageAddress.areOfOneSite($0, host) } ?? false
        if !isInside { referrer = host }
      } else {
        isDirect = text.isEmpty || text == "$direct"
      }
    }
    if isInside, !isTagged { return }
    if !rules.isEmpty {
      path = page.path ?? page.url.flatMap(PageAddress.path)
      if let rule = rules.first(where: { $0.matches(self) }) {
        origin = rule.origin
        return
      }
    }
    if isTagged {
      origin = byTags ?? byReferrer ?? .referral
    } else {
      origin = byReferrer ?? (isDirect ? .direct : nil)
    }
  }

  /// A click id stands for the tags that its advertiser would have written. Google's own count for
  /// more than what was written, as in GA4.
  private mutating func apply(_ id: ClickID) {
    click = id.name
    if id.overrides {
      tags.source = id.source
      tags.medium = id.medium
    } else {
      if tags.medium == nil { tags.medium = id.medium }
      if tags.source == nil { tags.source = id.source }
    }
  }

  private var byReferrer: Origin? {
    guard let referrer else { return nil }
    return switch KnownSites.kind(host: referrer) {
    case .search: .organicSearch
    case .social: .organicSocial
    case .video: .organicVideo
    case .shopping: .organicShopping
    case .mail: .email
    case .payment: nil
    case .other: .referral
    }
  }

  private var byTags: Origin? {
    var key = tags.source ?? ""
    for part in [tags.medium, tags.name] {
      key += "\n"
      key += part ?? ""
    }
    return Self.remembered.value(of: key)
  }

  /// By source, medium and campaign, a line each: links with the same tags bring many people.
  private static let remembered = Remembered<Origin?> { key in
    let parts = key.lowercased().split(separator: "\n", omittingEmptySubsequences: false)
    guard parts.count >= 3 else { return nil }
    return byRules(
      source: parts[0].trimmed, medium: parts[1].trimmed, campaign: String(parts[2]))
  }

  /// GA4's rules for tagged links, in their order; nil where none holds.
  private static func byRules(source: String, medium: String, campaign: String) -> Origin? {
    let site = source.isEmpty ? SiteKind.other : KnownSites.kind(source: source)
    if source == "(direct)" || source == "direct", ["", "(none)", "(not set)"].contains(medium) {
      return .direct
    }
    if campaign.contains("cross-network") { return .crossNetwork }
    let isShopping = site == .shopping || namesShop(campaign)
    if isPaid(medium) {
      if isShopping { return .paidShopping }
      switch site {
      case .search: return .paidSearch
      case .social: return .paidSocial
      case .video: return .paidVideo
      default: return isDisplay(medium) ? .display : paidElsewhere(medium)
      }
    }
    if isDisplay(medium) { return .display }
    if isShopping { return .organicShopping }
    if site == .social || socialMedia.contains(medium) { return .organicSocial }
    if site == .video || medium.contains("video") { return .organicVideo }
    if site == .search || medium == "organic" { return .organicSearch }
    if ["referral", "app", "link"].contains(medium) { return .referral }
    if mail.contains(source) || mail.contains(medium) || site == .mail { return .email }
    if medium == "affiliate" || medium == "affiliates" { return .affiliates }
    if medium == "audio" { return .audio }
    if source == "sms" || medium == "sms" { return .sms }
    if medium.hasSuffix("push") || medium.contains("mobile") || medium.contains("notification")
      || source == "firebase"
    {
      return .push
    }
    // Beyond GA4: the words of our vocabulary, Dutch ones too, such as nieuwsbrief.
    return Origin.vocabulary.contains(medium) ? Origin(medium) : nil
  }

  private static let mail: Set<String> = [
    "email", "e-mail", "e_mail", "e mail", "newsletter", "nieuwsbrief",
  ]
  private static let socialMedia: Set<String> = [
    "social", "social-network", "social-media", "sm", "social network", "social media",
  ]

  /// Any word with `cp` in it, `ppc`, `retargeting`, and what begins with `paid`.
  private static func isPaid(_ medium: String) -> Bool {
    medium.contains("cp") || medium == "ppc" || medium == "retargeting" || medium.hasPrefix("paid")
  }

  private static func isDisplay(_ medium: String) -> Bool {
    switch medium {
    case "display", "banner", "expandable", "interstitial", "cpm": true
    default: false
    }
  }

  /// A paid medium of a site that we don't know, GA4's Paid Other, by what the medium says itself.
  private static func paidElsewhere(_ medium: String) -> Origin {
    if medium.contains("social") { return .paidSocial }
    if medium.contains("video") || medium == "cpv" { return .paidVideo }
    if medium.contains("shop") { return .paidShopping }
    return medium == "retargeting" || medium.contains("display") ? .display : .paidSearch
  }

  /// `shopping` anywhere, or `shop` where no letter but an `e` stands before it.
  private static func namesShop(_ campaign: String) -> Bool {
    guard campaign.contains("shop") else { return false }
    if campaign.contains("shopping") { return true }
    let bytes = Array(campaign.utf8)
    let word = Array("shop".utf8)
    return bytes.indices.contains { at in
      guard bytes[at...].starts(with: word) else { return false }
      guard at > 0, (97...122).contains(bytes[at - 1]) else { return true }
      return bytes[at - 1] == UInt8(ascii: "e")
    }
  }
}

extension Arrival {
  /// Puts what is known among the properties; the campaign's name is the touchpoint's own.
  func add(to properties: inout PropertyList) {
    properties.set("context.referrer", referrer)
    properties.set("context.click", click)
    properties.set("context.source", tags.source)
    properties.set("context.medium", tags.medium)
    properties.set("context.term", tags.term)
    properties.set("context.creative", tags.content)
    properties.set("context.campaignID", tags.id)
    properties.set("context.sourcePlatform", sourcePlatform)
    properties.set("context.marketingTactic", marketingTactic)
  }
}

extension Origin {
  static let direct = Origin(canonical: "Direct")
  static let organicSearch = Origin(canonical: "Organic Search")
  static let paidSearch = Origin(canonical: "Paid Search")
  static let display = Origin(canonical: "Display")
  static let organicSocial = Origin(canonical: "Organic Social")
  static let paidSocial = Origin(canonical: "Paid Social")
  static let email = Origin(canonical: "Email")
  static let sms = Origin(canonical: "SMS")
  static let affiliates = Origin(canonical: "Affiliates")
  static let referral = Origin(canonical: "Referral")
  static let organicVideo = Origin(canonical: "Organic Video")
  static let paidVideo = Origin(canonical: "Paid Video")
  static let organicShopping = Origin(canonical: "Organic Shopping")
  static let paidShopping = Origin(canonical: "Paid Shopping")
  static let crossNetwork = Origin(canonical: "Cross-network")
  static let audio = Origin(canonical: "Audio")
  static let push = Origin(canonical: "Mobile Push Notifications")
}

/// A source's own rule of what brought people: the first whose conditions all hold decides.
package struct OriginRule: Hashable, Sendable {
  package enum Field: String, Hashable, Sendable, CaseIterable {
    case source, medium, campaign, term, content, referrer, path, click
  }

  package struct Condition: Hashable, Sendable {
    package var field: Field
    package var pattern: Wildcard
  }

  /// Nil when it says that the visit goes on.
  package var origin: Origin?
  package var conditions: [Condition]

  func matches(_ arrival: Arrival) -> Bool {
    conditions.allSatisfy { condition in
      let text: String? =
        switch condition.field {
        case .source: arrival.tags.source
        case .medium: arrival.tags.medium
        case .campaign: arrival.tags.name
        case .term: arrival.tags.term
        case .content: arrival.tags.content
        case .referrer: arrival.referrer
        case .path: arrival.path
        case .click: arrival.click
        }
      return text.map(condition.pattern.matches) ?? false
    }
  }
}

/// A text in which `*` stands for any characters, also none. Upper and lower case are the same.
package struct Wildcard: Hashable, Sendable {
  private let pattern: [UInt8]

  package init(_ text: some StringProtocol) { pattern = Array(text.lowercased().utf8) }

  /// Never takes more steps than both lengths multiplied: only the last star is gone back to.
  package func matches(_ text: some StringProtocol) -> Bool {
    let text = Array(text.lowercased().utf8)
    let star = UInt8(ascii: "*")
    var at = 0
    var inPattern = 0
    var back: (pattern: Int, text: Int)?
    while at < text.count {
      if inPattern < pattern.count, pattern[inPattern] == star {
        back = (inPattern, at)
        inPattern += 1
      } else if inPattern < pattern.count, pattern[inPattern] == text[at] {
        inPattern += 1
        at += 1
      } else if let last = back {
        back = (last.pattern, last.text + 1)
        inPattern = last.pattern + 1
        at = last.text + 1
      } else {
        return false
      }
    }
    return pattern[inPattern...].allSatisfy { $0 == star }
  }
}
