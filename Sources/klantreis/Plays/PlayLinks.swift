import Access
import CustomerJourney
import Foundation
import Store

/// The links that plays put into messages: back to a basket, and in by an ambassador.
struct PlayLinks: Sendable {
  /// The project's secret for links.
  let key: [UInt8]
  /// Where this server can be reached by customers; nil while it can't.
  let server: String?
  /// The shop's front page; nil while nobody said.
  let shop: URL?

  /// The link that brings a basket back, on any device, for some days.
  func basket(_ id: String, of identity: Int64, at now: Timestamp) -> String? {
    guard let server else { return nil }
    let link = SignedLink(
      .basket, subject: "\(identity)\n\(id)",
      expires: now.adding(seconds: Limits.basketLinkDays * 86_400))
    return "\(server)/basket/\(link.token(key: key))"
  }

  /// Whose basket a link is about, and which. Throws ``LinkProblem``.
  func basket(token: String, now: Timestamp) throws(LinkProblem) -> (identity: Int64, id: String) {
    let link = try SignedLink(token: token, purpose: .basket, key: key, now: now)
    let parts = link.subject.split(separator: "\n", maxSplits: 1, omittingEmptySubsequences: false)
    guard parts.count == 2, let identity = Int64(parts[0]) else { throw .unknown }
    return (identity, String(parts[1]))
  }

  // MARK: Ambassadors

  /// The link that an ambassador passes on; it does not expire.
  func referral(of identity: Int64) -> String? {
    server.map { "\($0)/from/\(SignedLink(.referral, subject: String(identity)).token(key: key))" }
  }

  func ambassador(token: String, now: Timestamp) throws(LinkProblem) -> Int64 {
    let link = try SignedLink(token: token, purpose: .referral, key: key, now: now)
    guard let identity = Int64(link.subject) else { throw .unknown }
    return identity
  }

  /// The campaign under which somebody arrives by an ambassador. Only we can have made it, so that
  /// nobody takes the credit of others by writing an address.
  func campaign(of identity: Int64) -> String {
    let token = SignedLink(.referral, subject: String(identity)).token(key: key)
    let code = token.split(separator: ".").last.map { String($0.prefix(12)) } ?? ""
    return "\(Self.campaignBeginning)\(identity)-\(code)"
  }

  /// The ambassador of such a campaign; nil for any other.
  func ambassador(campaign: String) -> Int64? {
    guard campaign.hasPrefix(Self.campaignBeginning) else { return nil }
    let rest = campaign.dropFirst(Self.campaignBeginning.count)
    guard let number = Int64(rest.prefix { $0 != "-" }), self.campaign(of: number) == campaign
    else {
      return nil
    }
    return number
  }

  static let campaignBeginning = "ambassador-"

  /// Where in the shop somebody goes on: the page that the basket was left on, but only ever on the
  /// shop's own host, whatever was said of the page.
  func shopAddress(_ page: String?, adding query: [(String, String)]) -> URL? {
    guard let shop, var parts = URLComponents(url: shop, resolvingAgainstBaseURL: true) else {
      return nil
    }
    if let page, let said = URLComponents(string: page), said.path.hasPrefix("/") {
      parts.path = said.path
      parts.queryItems = said.queryItems
    }
    parts.fragment = nil
    let added = query.map { URLQueryItem(name: $0.0, value: $0.1) }
    parts.queryItems =
      (parts.queryItems ?? []).filter { item in
        !query.contains { $0.0 == item.name }
      } + added
    return parts.url
  }
}

extension Workspace {
  func playLinks() throws -> PlayLinks {
    PlayLinks(
      key: try linkKey(),
      server: try publicURL(),
      shop: try store.setting(Setting.shop.rawValue).flatMap { URL(string: $0) })
  }
}
