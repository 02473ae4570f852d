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
      case 4:
        if key == "page" { value.forEachMember { Self.readPage($0, $1, into: &event.page) } }
      case 6:
        if key == "locale" {
          event.device.language = value.helpfulText
        } else if key == "device" {
          readDevice(value, into: &event.device)
        }
      case 7:
        if key == "library" {
          library = Self.library(value["name"]?.bytes)
        } else if key == "groupId" {
          event.account = value.idText
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
      case 13: if key == "userAgentData" { Self.readHints(value, into: &event.device) }
      default: break
      }
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
  private mutating func readDevice(_ node: JSONNode, into device: inout ClientDevice) {
    guard let type = node["type"]?.helpfulText?.lowercased() else { return }
    guard type == "ios" || type == "android" else { return device.kind = type }
    isMobileDevice = true
    let isTablet = node["model"]?.helpfulText?.hasPrefix("iPad") ?? false
    device.kind = isTablet ? "tablet" : "mobile"
    device.system = device.system ?? (type == "ios" ? "iOS" : "Android")
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
    let text = String(decoding: name, as: UTF8.self).lowercased()
    if text.contains("rudder") { return text.contains("javascript") ? .rudderBrowser : .rudder }
    if text.hasPrefix("analytics.js") || text.hasPrefix("@segment/analytics-next") {
      return .browser
    }
    for part in ["ios", "android", "react-native", "swift", "kotlin", "flutter"]
    where text.contains(part) {
      return .mobile
    }
    return .other
  }
}
