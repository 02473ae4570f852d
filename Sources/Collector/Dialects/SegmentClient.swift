import CustomerJourney

/// What the context of the Segment family says of the client, its device and its page.
struct SegmentClient {
  /// Set where the path says it.
  private let isRudderPath: Bool
  private var library = Library.other
  /// The member `channel` of an event: `mobile`, `web`, `server`.
  var channel: String?
  private var isMobileDevice = false

  private enum Library { case other, browser, mobile, rudder, rudderBrowser }

  init(variant: SegmentFamily.Variant) { isRudderPath = variant == .rudderstack }

  /// RudderStack's clients name their library after it, but for those of its servers' languages, which
  /// kept Segment's name and add a channel, as Segment's don't.
  var isRudder: Bool {
    isRudderPath || library == .rudder || library == .rudderBrowser || channel == "server"
  }

  /// Where it takes place; nil for a server, which speaks for any channel.
  var eventChannel: Channel? {
    switch channel {
    case "mobile": return Self.app
    case "web", "browser", "client": return .website
    case "server": return nil
    default: break
    }
    if library == .mobile || isMobileDevice { return Self.app }
    return library == .browser || library == .rudderBrowser ? .website : nil
  }

  private static let app = Channel(canonical: "App")

  /// Reads a context. What is of another kind than it should be is passed over: it costs no event.
  mutating func read(_ context: JSONNode, into event: inout ClientEvent) {
    context.forEachMember { key, value in
      switch key.bytes.count {
      case 2:
        if key == "ip" {
          event.device.address = value.helpfulText
        } else if key == "os" {
          event.device.system = value["name"]?.helpfulText ?? event.device.system
        }
      case 3: if key == "gpc" { Self.readPrivacyControl(value, into: &event) }
      case 4:
        if key == "page" { value.forEachMember { Self.readPage($0, $1, into: &event.page) } }
      case 6:
        if key == "locale" {
          event.device.language = value.helpfulText
        } else if key == "device" {
          readDevice(value, into: &event)
        }
      case 7:
        if key == "library" {
          library = Self.library(value["name"]?.bytes)
        } else if key == "groupId" {
          event.account = value.idText
        } else if key == "consent" {
          Self.readConsent(value, into: &event)
        }
      case 8:
        if key == "timezone" {
          event.device.timeZone = value.helpfulText
        } else if key == "campaign" {
          Self.readCampaign(value, into: &event.campaign)
        } else if key == "location" {
          if let country = value["country"]?.helpfulText, country.utf8.count == 2 {
            event.device.country = country
          }
        } else if key == "referrer" {
          event.page.referrer = event.page.referrer ?? value["url"]?.helpfulText
        }
      case 9: if key == "userAgent" { event.device.userAgent = value.helpfulText }
      case 11: if key == "externalIds" { Self.readOtherIDs(value, into: &event) }
      case 13: if key == "userAgentData" { Self.readHints(value, into: &event.device) }
      default: break
      }
    }
  }

  /// What the person allows, by category, and Global Privacy Control, which our tracker tells there.
  private static func readConsent(_ node: JSONNode, into event: inout ClientEvent) {
    node["categoryPreferences"]?.forEachMember { key, value in
      guard let flag = value.flag else { return }
      event.properties.add("context.consent.\(key.text)", .flag(flag))
      event.allow(key.text, flag)
    }
    if let control = node["gpc"] { readPrivacyControl(control, into: &event) }
  }

  private static func readPrivacyControl(_ node: JSONNode, into event: inout ClientEvent) {
    if let flag = node.flag {
      event.properties.add("context.gpc", .flag(flag))
      event.privacyControl = event.privacyControl || flag
    }
  }

  static func readPage(_ key: JSONKey, _ value: JSONNode, into page: inout ClientPage) {
    if key == "url" {
      page.url = value.helpfulText ?? page.url
    } else if key == "path" {
      page.path = value.helpfulText ?? page.path
    } else if key == "title" {
      page.title = value.helpfulText ?? page.title
    } else if key == "referrer" {
      // An empty one says that there was none.
      page.referrer = value.text ?? page.referrer
    }
  }

  private static func readCampaign(_ node: JSONNode, into campaign: inout CampaignTags) {
    node.forEachMember { key, value in
      if key == "name" {
        campaign.name = value.helpfulText
      } else if key == "source" {
        campaign.source = value.helpfulText
      } else if key == "medium" {
        campaign.medium = value.helpfulText
      } else if key == "term" {
        campaign.term = value.helpfulText
      } else if key == "content" {
        campaign.content = value.helpfulText
      } else if key == "id" {
        campaign.id = value.idText
      }
    }
  }

  /// Of phones and tablets `type` names the system, and the model tells the tablets.
  private mutating func readDevice(_ node: JSONNode, into event: inout ClientEvent) {
    if let id = node["id"]?.idText { event.addKey(CustomerKey.device, id) }
    guard let type = node["type"]?.helpfulText?.lowercased() else { return }
    guard type == "ios" || type == "android" else { return event.device.kind = type }
    isMobileDevice = true
    let isTablet = node["model"]?.helpfulText?.hasPrefix("iPad") ?? false
    event.device.kind = isTablet ? "tablet" : "mobile"
    event.device.system = event.device.system ?? (type == "ios" ? "iOS" : "Android")
  }

  /// Ids that other systems have of the person: `{"id": …, "type": …}`.
  private static func readOtherIDs(_ node: JSONNode, into event: inout ClientEvent) {
    node.forEachElement { entry in
      guard let id = entry["id"]?.idText, let type = entry["type"]?.helpfulText, !type.contains(":")
      else { return }
      event.addKey({ CustomerKey.external($0, system: type.lowercased()) }, id)
    }
  }

  /// The browser's own words for itself, as it sends them to scripts.
  private static func readHints(_ node: JSONNode, into device: inout ClientDevice) {
    if node["mobile"]?.flag == true { device.kind = device.kind ?? "mobile" }
    device.system = device.system ?? node["platform"]?.helpfulText
    // The brand that says most: all name their engine too, and one that doesn't exist.
    node["brands"]?.forEachElement { entry in
      guard let brand = entry["brand"]?.helpfulText, !brand.contains("Brand") else { return }
      if brand != "Chromium" || device.browser == nil { device.browser = brand }
    }
  }

  private static func library(_ name: UnsafeBufferPointer<UInt8>?) -> Library {
    guard let name else { return .other }
    if contains("rudder", in: name) {
      return contains("javascript", in: name) ? .rudderBrowser : .rudder
    }
    if contains("analytics.js", in: name) || contains("analytics-next", in: name) {
      return .browser
    }
    for part in ["ios", "android", "react-native", "swift", "kotlin", "flutter"] as [StaticString]
    where contains(part, in: name) {
      return .mobile
    }
    return .other
  }

  /// True when the letters of `part`, in lower case, stand in the name in any case. Every event names
  /// its library, so no string is made of it.
  private static func contains(_ part: StaticString, in name: UnsafeBufferPointer<UInt8>) -> Bool {
    part.withUTF8Buffer { part in
      guard name.count >= part.count else { return false }
      return (0...(name.count - part.count)).contains { start in
        part.indices.allSatisfy { index in
          let byte = name[start + index]
          return (byte &- 65 < 26 ? byte | 32 : byte) == part[index]
        }
      }
    }
  }
}
