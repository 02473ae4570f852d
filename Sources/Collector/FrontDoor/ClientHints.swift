import CustomerJourney

/// What Chromium's browsers say in headers of their own, beside a user agent that says ever less.
enum ClientHints {
  /// The brands in `sec-ch-ua`: `"Chromium";v="124", "Brave";v="124", "Not-A.Brand";v="99"`.
  private static let brands = Remembered<Brand> { text in
    var found = Brand()
    // A name may hold a comma or a semicolon, but no quote.
    let parts = text.prefix(Limits.nameCharacters).split(
      separator: "\"", omittingEmptySubsequences: false)
    for at in stride(from: 1, to: parts.count - 2, by: 4) {
      let name = String(parts[at])
      let version = parts[at + 2].prefix { $0.isASCII && $0.isNumber }
      guard !name.contains("Not"), name.utf8.count <= 64 else { continue }
      if name == "HeadlessChrome" { found.bot = .headless }
      if found.name == nil || found.name == "Chromium" {
        found.name = names[name] ?? name
        found.version = version.isEmpty || version.count > 6 ? nil : String(version)
      }
    }
    return found
  }

  private struct Brand: Sendable {
    var name: String?
    var version: String?
    var bot: Bot?
  }

  private static let names = [
    "Google Chrome": "Chrome", "Microsoft Edge": "Edge", "HeadlessChrome": "Chrome",
    "YaBrowser": "Yandex Browser", "Yowser": "Yandex Browser",
  ]

  private static let systems = [
    "windows": "Windows", "macos": "macOS", "mac os x": "macOS", "android": "Android",
    "ios": "iOS", "chrome os": "ChromeOS", "chromium os": "ChromeOS", "chromeos": "ChromeOS",
    "linux": "Linux",
  ]

  /// Adds to `agent` what the headers of a request say.
  static func add(_ headers: [String: String], to agent: inout UserAgent) {
    guard let text = headers["sec-ch-ua"] else { return }
    let brand = brands.value(of: text)
    if agent.bot == nil { agent.bot = brand.bot }
    // A browser that has a name of its own in the user agent knows better, as apps do.
    if let name = brand.name, agent.browser == nil || agent.browser == "Chrome" {
      agent.browser = name
      agent.version = brand.version
    }
    if let system = headers["sec-ch-ua-platform"].flatMap({ systems[unquoted($0).lowercased()] }) {
      agent.system = system
    }
    let form = headers["sec-ch-ua-form-factors"].map { unquoted($0).lowercased() } ?? ""
    if form.contains("watch") {
      agent.device = .watch
    } else if form.contains("tablet") {
      agent.device = .tablet
    } else if headers["sec-ch-ua-mobile"] == "?1" {
      agent.device = .phone
    } else if agent.device == nil {
      agent.device = agent.system == "Android" ? .tablet : agent.system.map { _ in .desktop }
    }
  }

  private static func unquoted(_ text: String) -> String {
    text.trimmed.replacing("\"", with: "")
  }
}
