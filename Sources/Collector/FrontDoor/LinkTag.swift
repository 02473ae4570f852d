import CustomerJourney

/// What a parameter of a link says of the campaign: Google's `utm_` names, and those of Matomo and
/// its forerunner Piwik.
enum LinkTag: Sendable {
  case source, medium, name, term, content, id, platform, tactic
  case click(ClickID)

  /// Calls `body` with each tag of the query and the fragment that has a value, in order. The value
  /// is decoded when it is asked for.
  static func forEach(in url: String, _ body: (LinkTag, _ value: () -> String) -> Void) {
    var url = url
    url.withUTF8 { bytes in
      guard var at = bytes.firstIndex(where: endsParameter) else { return }
      while at < bytes.count {
        let start = at + 1
        at = bytes[start...].firstIndex(where: endsParameter) ?? bytes.count
        let parameter = bytes[start..<at]
        // No name that is known is longer.
        guard let equals = parameter.prefix(24).firstIndex(of: UInt8(ascii: "=")), equals + 1 < at,
          let tag = known[String(decoding: parameter[..<equals], as: UTF8.self)]
        else { continue }
        body(tag) {
          let most = parameter[(equals + 1)...].prefix(Limits.nameCharacters)
          return QueryParameters.decoded(String(decoding: most, as: UTF8.self))
        }
      }
    }
  }

  private static func endsParameter(_ byte: UInt8) -> Bool {
    byte == UInt8(ascii: "&") || byte == UInt8(ascii: "?") || byte == UInt8(ascii: "#")
  }

  private static let known: [String: LinkTag] = {
    var known: [String: LinkTag] = [
      "utm_source": .source, "utm_medium": .medium, "utm_campaign": .name, "utm_term": .term,
      "utm_content": .content, "utm_id": .id, "utm_source_platform": .platform,
      "utm_marketing_tactic": .tactic,
    ]
    for prefix in ["mtm", "matomo", "pk", "piwik"] {
      for (name, tag) in [
        ("source", LinkTag.source), ("medium", .medium), ("campaign", .name), ("kwd", .term),
        ("keyword", .term), ("content", .content), ("cid", .id), ("cpn", .name),
      ] {
        known["\(prefix)_\(name)"] = tag
      }
    }
    for id in ClickID.all { known[id.name] = .click(id) }
    return known
  }()
}

/// A parameter that an advertiser or sender of mail adds to its links, and the tags that it stands
/// for.
struct ClickID: Sendable {
  var name: String
  var source: String
  /// Nil where paid and free links both get it.
  var medium: String?
  /// True when it counts for more than tags that somebody wrote.
  var overrides = false

  static let all: [ClickID] = [
    ClickID(name: "gclid", source: "google", medium: "cpc", overrides: true),
    ClickID(name: "gbraid", source: "google", medium: "cpc", overrides: true),
    ClickID(name: "wbraid", source: "google", medium: "cpc", overrides: true),
    ClickID(name: "gad_source", source: "google", medium: "cpc"),
    ClickID(name: "dclid", source: "google", medium: "display"),
    ClickID(name: "srsltid", source: "shopping.google.com"),
    ClickID(name: "msclkid", source: "bing", medium: "cpc"),
    ClickID(name: "yclid", source: "yandex", medium: "cpc"),
    // Facebook and Instagram add theirs to every link that leaves them.
    ClickID(name: "fbclid", source: "facebook"),
    ClickID(name: "igshid", source: "instagram"),
    ClickID(name: "igsh", source: "instagram"),
    ClickID(name: "ttclid", source: "tiktok", medium: "cpc"),
    ClickID(name: "li_fat_id", source: "linkedin", medium: "cpc"),
    ClickID(name: "twclid", source: "twitter", medium: "cpc"),
    ClickID(name: "rdt_cid", source: "reddit", medium: "cpc"),
    ClickID(name: "epik", source: "pinterest", medium: "cpc"),
    ClickID(name: "ScCid", source: "snapchat", medium: "cpc"),
    ClickID(name: "sccid", source: "snapchat", medium: "cpc"),
    ClickID(name: "awc", source: "awin", medium: "affiliate"),
    ClickID(name: "tduid", source: "tradedoubler", medium: "affiliate"),
    ClickID(name: "cjevent", source: "cj", medium: "affiliate"),
    ClickID(name: "irclickid", source: "impact", medium: "affiliate"),
    ClickID(name: "mc_eid", source: "mailchimp", medium: "email"),
    ClickID(name: "mc_cid", source: "mailchimp", medium: "email"),
    ClickID(name: "_hsenc", source: "hubspot", medium: "email"),
  ]
}
