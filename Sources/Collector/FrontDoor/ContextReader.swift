package import CustomerJourney

/// Reads what a request and an event say of device, system, browser, language and place, and whether
/// a person sent them.
///
/// A request tells of a person only when that person's own device sent it. What a server sends for
/// people comes from the server's address, in the name of its library: then only the events count.
package struct ContextReader: Sendable {
  package var geo: GeoDatabase?
  /// Trusted proxies before this program: from the end of `X-Forwarded-For` the person's address is
  /// counted. With none the header is not believed.
  package var proxies: Int

  package init(geo: GeoDatabase? = nil, proxies: Int = 0) {
    self.geo = geo
    self.proxies = proxies
  }

  // MARK: The request

  /// What a request says of the person whose device sent it; the same for all events in it.
  package struct RequestFacts: Sendable {
    /// Nil when a server sent it.
    var agent: UserAgent?
    var language: String?
    var place: GeoDatabase.Place?
    /// Global Privacy Control or Do Not Track.
    var asksForPrivacy = false
    /// Global Privacy Control, which the law of some countries makes an answer.
    var privacyControl = false
  }

  package func facts(of request: CollectorRequest) -> RequestFacts {
    var facts = RequestFacts()
    let headers = request.headers
    guard let text = headers["user-agent"] else { return facts }
    var agent = UserAgent.of(text)
    guard agent.isOfDevice else { return facts }
    ClientHints.add(headers, to: &agent)
    facts.agent = agent
    facts.language = headers["accept-language"].flatMap(LanguageTag.first)
    facts.privacyControl = headers["sec-gpc"] == "1"
    facts.asksForPrivacy = facts.privacyControl || headers["dnt"] == "1"
    facts.place = geo.flatMap { geo in
      address(of: request).flatMap { IPAddress($0) }.flatMap(geo.place)
    }
    return facts
  }

  private func address(of request: CollectorRequest) -> String? {
    guard proxies > 0, let header = request.headers["x-forwarded-for"] else {
      return request.remoteAddress
    }
    let hops = header.split(separator: ",")
    return hops.isEmpty ? request.remoteAddress : String(hops[max(0, hops.count - proxies)])
  }

  // MARK: The event

  /// What was found. The address that it was found by is not in it.
  package struct Facts: Sendable {
    package var device: Device?
    package var system: String?
    package var browser: String?
    package var browserVersion: String?
    /// What kind of program sent it, when it is no person's browser or app.
    package var bot: Bot?
    package var language: String?
    package var place: GeoDatabase.Place?
    package var asksForPrivacy = false

    /// Puts what is known among the properties.
    func add(to properties: inout PropertyList) {
      properties.set("context.system", system)
      properties.set("context.browser", browser)
      properties.set("context.browserVersion", browserVersion)
      properties.set("context.language", language)
      properties.set("context.country", place?.country)
      properties.set("context.region", place?.region)
      properties.set("context.city", place?.city)
      properties.set("context.bot", bot?.rawValue)
      if asksForPrivacy { properties.set("context.gpc", .flag(true)) }
    }
  }

  package func facts(of event: ClientEvent, in request: RequestFacts) -> Facts {
    // An event that names its own agent was seen by that one, whoever sent it.
    let own = event.device.userAgent.map(UserAgent.of)
    let agent = own ?? request.agent
    var facts = Facts()
    facts.asksForPrivacy = request.asksForPrivacy
    if let bot = agent?.bot, bot != .library || own != nil && event.page.url != nil {
      facts.bot = bot
    }
    facts.device = agent?.device
    facts.system = agent?.system
    facts.browser = agent?.browser
    facts.browserVersion = agent?.version
    if let system = event.device.system.flatMap(SaidNames.system) {
      if let device = facts.device ?? SaidNames.device(ofSystem: system) { facts.device = device }
      facts.system = system
    }
    if let browser = event.device.browser.flatMap(SaidNames.browser) {
      if browser != facts.browser { facts.browserVersion = nil }
      facts.browser = browser
    }
    if let device = event.device.kind.flatMap({ SaidNames.device($0) }) { facts.device = device }
    facts.language = event.device.language.flatMap(LanguageTag.of) ?? request.language
    if let address = event.device.address {
      facts.place = geo.flatMap { geo in IPAddress(address).flatMap(geo.place) }
    } else {
      facts.place = request.place
    }
    if let country = event.device.country.flatMap(CountryCode.of), country != facts.place?.country {
      facts.place = GeoDatabase.Place(country: country)
    }
    return facts
  }
}

/// Languages as tags of BCP 47: `nl`, `nl-NL`.
enum LanguageTag {
  private static let firsts = Remembered<String?> { header in
    header.split(separator: ",").lazy.compactMap { part in
      of(String(part.prefix { $0 != ";" }))
    }.first
  }
  private static let tags = Remembered<String?> { text in
    let parts = text.trimmed.prefix { $0 != "." && $0 != "@" }.split { $0 == "-" || $0 == "_" }
    guard let language = parts.first, (2...3).contains(language.utf8.count),
      isLetters(language)
    else { return nil }
    let region = parts.dropFirst().first { $0.utf8.count == 2 && isLetters($0) }
    return language.lowercased() + (region.map { "-" + $0.uppercased() } ?? "")
  }

  /// The one that an `Accept-Language` header has first.
  static func first(in header: String) -> String? { firsts.value(of: header) }

  /// `nl-NL` of `nl_NL.UTF-8`; scripts and variants are left out. Nil when it is no language.
  static func of(_ text: String) -> String? { tags.value(of: text) }

  private static func isLetters(_ text: Substring) -> Bool {
    text.utf8.allSatisfy { ($0 | 32) &- 97 < 26 }
  }
}

/// The words of clients for devices, systems and browsers, brought to ours.
enum SaidNames {
  private static let devices = Remembered<Device?> { text in
    switch text.lowercased().trimmed {
    case "", "unknown", "other", "(not set)", "none", "null", "undefined": nil
    case "ios", "android", "iphone", "handset", "mobile app", "phablet": .phone
    case "mac", "windows", "web", "browser", "computer", "macbook": .desktop
    case "smarttv", "connected tv", "ctv", "console", "set-top box": .tv
    default: text.utf8.count <= 64 ? Device(text) : nil
    }
  }
  private static let systems = Remembered<String?> { text in
    let word = text.lowercased().trimmed
    let known: [(String, String)] = [
      ("ios", "iOS"), ("iphone", "iOS"), ("ipados", "iPadOS"), ("mac", "macOS"),
      ("os x", "macOS"), ("darwin", "macOS"), ("windows phone", "Windows Phone"),
      ("win", "Windows"), ("android", "Android"), ("chrome os", "ChromeOS"),
      ("chromium os", "ChromeOS"), ("chromeos", "ChromeOS"), ("tvos", "tvOS"),
      ("watchos", "watchOS"), ("linux", "Linux"), ("ubuntu", "Linux"), ("fedora", "Linux"),
      ("debian", "Linux"), ("tizen", "Tizen"), ("webos", "webOS"), ("harmonyos", "HarmonyOS"),
    ]
    return known.first { word.hasPrefix($0.0) }?.1 ?? plain(text)
  }
  private static let browsers = Remembered<String?> { text in
    let name = plain(text)
    return switch name?.lowercased() {
    case "mobile safari", "safari mobile": "Safari"
    case "google chrome", "chrome mobile", "chrome ios", "mobile chrome", "chrome headless":
      "Chrome"
    case "microsoft edge", "edge mobile": "Edge"
    case "firefox ios", "firefox mobile", "mozilla firefox": "Firefox"
    case "samsung browser", "samsung internet browser": "Samsung Internet"
    default: name
    }
  }

  static func device(_ text: String) -> Device? { devices.value(of: text) }
  static func system(_ text: String) -> String? { systems.value(of: text) }
  static func browser(_ text: String) -> String? { browsers.value(of: text) }

  /// Of systems that only people's devices have; a library tells its server's Linux just so.
  static func device(ofSystem system: String) -> Device? {
    switch system {
    case "iOS", "Android", "Windows Phone", "HarmonyOS": .phone
    case "iPadOS": .tablet
    case "watchOS": .watch
    case "tvOS", "webOS": .tv
    default: nil
    }
  }

  /// Without the version at its end; nil when it says nothing.
  private static func plain(_ text: String) -> String? {
    var words = text.trimmed.split(separator: " ")
    while words.count > 1, words.last?.allSatisfy({ $0.isNumber || $0 == "." || $0 == "_" }) == true
    {
      words.removeLast()
    }
    let name = words.joined(separator: " ")
    let isNothing = ["", "unknown", "other", "(not set)", "null", "undefined"]
      .contains(name.lowercased())
    return isNothing || name.utf8.count > 64 ? nil : name
  }
}
