package import CustomerJourney

/// What a browser or an app says of itself and of the device that it runs on.
package struct UserAgent: Hashable, Sendable {
  package var device: Device?
  /// `Windows`, `macOS`, `iOS`, `Android`, …
  package var system: String?
  /// `Chrome`, `Safari`, …; of an app's own window the app: `Instagram`.
  package var browser: String?
  /// The browser's major version.
  package var version: String?
  /// What kind of program it is, when it is no person's browser or app.
  package var bot: Bot?
  /// True when only a person's device calls itself so; a server that sends events for people has
  /// the name of its own library, or none.
  var isOfDevice = false

  private static let remembered = Remembered<UserAgent> { UserAgent(reading: $0) }

  /// Reads a user agent text; at most ``Limits/nameCharacters`` bytes of it.
  package static func of(_ text: String) -> UserAgent { remembered.value(of: text) }

  private init(reading whole: String) {
    let text = AgentText(whole)
    bot = Bot(of: text)
    let isBrowser = text.begins("mozilla/") || text.begins("opera/")
    (system, device) = Self.systemAndDevice(text)
    (browser, version) = Self.browser(text)
    // Many servers are written with OkHttp too, so that its name alone proves no device.
    let isHandheld = device != nil && device != .desktop && !text.begins("okhttp")
    isOfDevice =
      bot != .library
      && (isBrowser || isHandheld || text.contains("cfnetwork/") || Bot.isKnown(atStart: text))
    if bot != nil, bot != .headless { (device, system, browser, version) = (nil, nil, nil, nil) }
  }

  // MARK: System and device

  private static let ofTVs: [StaticString] = [
    "hbbtv", "smart-tv", "smarttv", "smart_tv", "googletv", "google tv", "android tv", "apple tv",
    "appletv", "tvos", "roku", "crkey", "netcast", "viera", "bravia", "nettv", "web0s", "; aft",
    "opera tv", "vidaa", "mibox", "mitv", "playstation", "nintendo", "xbox",
  ]

  private static func systemAndDevice(_ text: AgentText) -> (String?, Device?) {
    let isTV = ofTVs.contains { text.contains($0) }
    if text.contains("windows phone") || text.contains("iemobile") {
      return ("Windows Phone", .phone)
    }
    if text.contains("watchos") || text.contains("watch os") || text.contains("apple watch") {
      return ("watchOS", .watch)
    }
    if text.contains("wear os") || text.contains("sm-r8") || text.contains("sm-r9") {
      return (text.contains("tizen") ? "Tizen" : "Wear OS", .watch)
    }
    if text.contains("apple tv") || text.contains("appletv") || text.contains("tvos") {
      return ("tvOS", .tv)
    }
    if text.contains("xbox") { return ("Xbox", .tv) }
    if text.contains("playstation") { return ("PlayStation", .tv) }
    if text.contains("nintendo") { return ("Nintendo", .tv) }
    if text.contains("windows") { return ("Windows", .desktop) }
    if text.hasWord("ipad") || text.hasWord("ipados") { return ("iPadOS", .tablet) }
    if text.contains("iphone") || text.contains("ipod") || text.hasWord("ios") {
      return ("iOS", .phone)
    }
    if text.contains("tizen") { return ("Tizen", isTV || !text.contains("mobile") ? .tv : .phone) }
    if text.contains("web0s") || text.contains("webos") { return ("webOS", .tv) }
    if text.contains("roku") { return ("Roku OS", .tv) }
    if text.contains("kaios") { return ("KaiOS", .phone) }
    if text.contains("harmonyos") || text.contains("openharmony") {
      return ("HarmonyOS", text.contains("tablet") ? .tablet : .phone)
    }
    if text.contains("android") || text.contains("silk/") || text.begins("okhttp") {
      return ("Android", isTV ? .tv : android(text))
    }
    if text.contains("cros ") { return ("ChromeOS", .desktop) }
    if text.contains("macintosh") || text.contains("mac os x") || text.contains("macos") {
      return mac(text)
    }
    if text.contains("cfnetwork/") {
      // On a Mac the processor follows.
      let isMac = text.contains("x86_64") || text.contains("arm64") || text.contains("i386")
      return isMac ? ("macOS", .desktop) : ("iOS", .phone)
    }
    if text.contains("blackberry") || text.contains("bb10") { return ("BlackBerry", .phone) }
    if text.contains("symbian") || text.contains("series60") { return ("Symbian", .phone) }
    if text.contains("midp") || text.contains("opera mini") || text.contains("up.browser") {
      return (nil, .phone)
    }
    if isTV { return (text.contains("linux") ? "Linux" : nil, .tv) }
    if text.contains("linux") || text.contains("x11") || text.contains("ubuntu") {
      return ("Linux", .desktop)
    }
    return (nil, nil)
  }

  private static func android(_ text: AgentText) -> Device? {
    if text.contains("oculusbrowser") { return nil }
    let isTablet =
      text.contains("tablet") || text.contains("; sm-t") || text.contains("; sm-x")
      || text.contains("; kf") || text.contains("nexus 7") || text.contains("nexus 10")
    if isTablet { return .tablet }
    // Chrome writes Mobile for phones only; apps write neither.
    let isBrowser = text.begins("mozilla/") && text.contains("applewebkit")
    return text.contains("mobile") || !isBrowser ? .phone : .tablet
  }

  /// An iPad that asks for the pages of a desktop calls itself a Mac; in other browsers than Safari
  /// their iOS names give it away.
  private static func mac(_ text: AgentText) -> (String?, Device?) {
    let ofIOS: [StaticString] = [
      "crios/", "fxios/", "edgios/", "gsa/", "opios/", "ddg/ios", "mobile/1", "mobile/2",
    ]
    return ofIOS.contains { text.contains($0) } ? ("iPadOS", .tablet) : ("macOS", .desktop)
  }

  // MARK: Browser

  /// The first that stands in the text, at the begin of a word, is the browser. Those that also
  /// call themselves Chrome or Safari come before these, windows of apps before all.
  private static let browsers: [(token: StaticString, name: String)] = [
    ("fbav/", "Facebook"), ("fb_iab/", "Facebook"), ("fban/", "Facebook"),
    ("instagram ", "Instagram"), ("barcelona ", "Threads"), ("linkedinapp/", "LinkedIn"),
    ("linkedinapp", "LinkedIn"), ("pinterest/", "Pinterest"), ("pinterest for", "Pinterest"),
    ("snapchat/", "Snapchat"), ("snapchat ", "Snapchat"), ("musical_ly", "TikTok"),
    ("bytedancewebview/", "TikTok"), ("bytelocale/", "TikTok"), ("tiktok", "TikTok"),
    ("twitter for", "X"), ("twitterandroid", "X"), ("micromessenger/", "WeChat"),
    ("line/", "LINE"), ("reddit/", "Reddit"), ("teams/", "Microsoft Teams"), ("slack/", "Slack"),
    ("slack_ssb/", "Slack"), ("whatsapp/", "WhatsApp"), ("thunderbird/", "Thunderbird"),
    ("edg/", "Edge"), ("edga/", "Edge"), ("edgios/", "Edge"), ("edge/", "Edge"),
    ("opera mini/", "Opera Mini"), ("opr/", "Opera"), ("opios/", "Opera Mini"), ("opt/", "Opera"),
    ("opx/", "Opera"), ("samsungbrowser/", "Samsung Internet"), ("vivaldi/", "Vivaldi"),
    ("yabrowser/", "Yandex Browser"), ("duckduckgo/", "DuckDuckGo"), ("ddg/", "DuckDuckGo"),
    ("brave/", "Brave"), ("ucbrowser/", "UC Browser"), ("miuibrowser/", "Mi Browser"),
    ("huaweibrowser/", "Huawei Browser"), ("heytapbrowser/", "HeyTap Browser"),
    ("silk/", "Silk"), ("whale/", "Whale"), ("qqbrowser/", "QQ Browser"),
    ("coc_coc_browser/", "Coc Coc"), ("oculusbrowser/", "Meta Quest Browser"),
    ("ecosia ", "Ecosia"), ("gsa/", "Google app"), ("focus/", "Firefox Focus"),
    ("klar/", "Firefox Focus"), ("fxios/", "Firefox"), ("crios/", "Chrome"),
    ("seamonkey/", "SeaMonkey"), ("palemoon/", "Pale Moon"), ("iceweasel/", "Firefox"),
    ("electron/", "Electron"), ("headlesschrome/", "Chrome"), ("chromium/", "Chromium"),
    ("firefox/", "Firefox"), ("midori/", "Midori"), ("epiphany/", "Epiphany"),
    ("konqueror/", "Konqueror"), ("iemobile/", "Internet Explorer"),
    ("msie ", "Internet Explorer"),
  ]

  private static func browser(_ text: AgentText) -> (String?, String?) {
    for (token, name) in browsers {
      if let at = text.end(ofWord: token) { return (name, text.number(at: at)) }
    }
    func version(_ token: StaticString) -> String? {
      text.end(ofWord: token).flatMap(text.number)
    }
    if text.contains("trident/") { return ("Internet Explorer", version("rv:")) }
    if let chrome = text.end(ofWord: "chrome/") {
      return (text.contains("; wv)") ? "Android WebView" : "Chrome", text.number(at: chrome))
    }
    if text.begins("opera/") || text.begins("opera ") {
      return ("Opera", version("version/") ?? version("opera/") ?? version("opera "))
    }
    if text.contains("safari/") || text.contains("applewebkit") {
      if text.contains("android") { return ("Android Browser", version("version/")) }
      if text.contains("safari/"), let at = text.end(ofWord: "version/") {
        return ("Safari", text.number(at: at))
      }
      let isApple = text.contains("iphone") || text.contains("ipad") || text.contains("macintosh")
      return isApple ? ("Apple WebView", nil) : (nil, nil)
    }
    return (nil, nil)
  }
}

extension Device {
  static let desktop = Device(canonical: "Desktop")
  static let phone = Device(canonical: "Phone")
  static let tablet = Device(canonical: "Tablet")
  static let watch = Device(canonical: "Watch")
  static let tv = Device(canonical: "TV")
}

/// A user agent in lower case, to be searched often.
struct AgentText {
  private let bytes: [UInt8]

  init(_ text: String) {
    bytes = text.utf8.prefix(Limits.nameCharacters).map { $0 &- 65 < 26 ? $0 | 32 : $0 }
  }

  var isEmpty: Bool { bytes.isEmpty }

  /// `word` is in lower case, as in all methods.
  func begins(_ word: StaticString) -> Bool { stands(word, at: 0) }

  func contains(_ word: StaticString) -> Bool { first(word, from: 0) != nil }

  /// True when it stands there and no letter on either side of it.
  func hasWord(_ word: StaticString) -> Bool {
    var from = 0
    while let at = first(word, from: from) {
      let end = at + word.utf8CodeUnitCount
      if !isLetter(at - 1), !isLetter(end) { return true }
      from = end
    }
    return false
  }

  /// True when it stands there and no letter follows.
  func endsWord(_ word: StaticString) -> Bool {
    var from = 0
    while let at = first(word, from: from) {
      from = at + word.utf8CodeUnitCount
      if !isLetter(from) { return true }
    }
    return false
  }

  /// The place behind the first `word` that no letter or digit stands before.
  func end(ofWord word: StaticString) -> Int? {
    var from = 0
    while let at = first(word, from: from) {
      if !isLetter(at - 1), !isDigit(at - 1) { return at + word.utf8CodeUnitCount }
      from = at + 1
    }
    return nil
  }

  /// The digits that stand there, few as a version has.
  func number(at start: Int) -> String? {
    let digits = bytes.dropFirst(start).prefix { $0 &- 48 < 10 }
    return (1...6).contains(digits.count) ? String(decoding: digits, as: UTF8.self) : nil
  }

  private func isLetter(_ at: Int) -> Bool { bytes.indices.contains(at) && bytes[at] &- 97 < 26 }
  private func isDigit(_ at: Int) -> Bool { bytes.indices.contains(at) && bytes[at] &- 48 < 10 }

  private func stands(_ word: StaticString, at start: Int) -> Bool {
    let count = word.utf8CodeUnitCount
    guard start + count <= bytes.count else { return false }
    for i in 0..<count where bytes[start + i] != word.utf8Start[i] { return false }
    return true
  }

  private func first(_ word: StaticString, from start: Int) -> Int? {
    let last = bytes.count - word.utf8CodeUnitCount
    guard start <= last else { return nil }
    let head = word.utf8Start[0]
    for at in start...last where bytes[at] == head && stands(word, at: at) { return at }
    return nil
  }
}
