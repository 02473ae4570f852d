import CustomerJourney
import Testing

@testable import Collector

@Suite("Devices, systems and browsers")
struct UserAgentTests {
  private static let webKit = "AppleWebKit/537.36 (KHTML, like Gecko)"
  private static let apple = "AppleWebKit/605.1.15 (KHTML, like Gecko)"
  private static let windows = "Mozilla/5.0 (Windows NT 10.0; Win64; x64)"
  private static let mac = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7)"
  private static let iPhone = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_4_1 like Mac OS X)"
  private static let iPad = "Mozilla/5.0 (iPad; CPU OS 16_6 like Mac OS X)"
  private static let android = "Mozilla/5.0 (Linux; Android 10; K)"

  /// The text, and device, system, browser and version; a dash where there is none.
  private static let agents: [(text: String, facts: String)] = [
    // Computers.
    ("\(windows) \(webKit) Chrome/124.0.0.0 Safari/537.36", "Desktop|Windows|Chrome|124"),
    (
      "\(windows) \(webKit) Chrome/124.0.0.0 Safari/537.36 Edg/124.0.2478.51",
      "Desktop|Windows|Edge|124"
    ),
    (
      "\(windows) \(webKit) Chrome/123.0.0.0 Safari/537.36 OPR/109.0.0.0",
      "Desktop|Windows|Opera|109"
    ),
    (
      "\(windows) \(webKit) Chrome/122.0.0.0 Safari/537.36 Vivaldi/6.6.3271.57",
      "Desktop|Windows|Vivaldi|6"
    ),
    (
      "\(windows) \(webKit) Chrome/122.0.0.0 YaBrowser/24.4.0.0 Safari/537.36",
      "Desktop|Windows|Yandex Browser|24"
    ),
    (
      "\(windows.dropLast()); rv:125.0) Gecko/20100101 Firefox/125.0", "Desktop|Windows|Firefox|125"
    ),
    (
      "Mozilla/5.0 (Windows NT 6.1; WOW64; Trident/7.0; rv:11.0) like Gecko",
      "Desktop|Windows|Internet Explorer|11"
    ),
    (
      "Mozilla/4.0 (compatible; MSIE 8.0; Windows NT 6.1; Trident/4.0)",
      "Desktop|Windows|Internet Explorer|8"
    ),
    (
      "\(windows) \(webKit) Chrome/64.0.3282.140 Safari/537.36 Edge/18.17763",
      "Desktop|Windows|Edge|18"
    ),
    (
      "\(windows) \(webKit) Teams/1.7.00.7956 Chrome/108.0.5359.215 Electron/22.3.27 Safari/537.36",
      "Desktop|Windows|Microsoft Teams|1"
    ),
    ("\(mac) \(apple) Version/17.4.1 Safari/605.1.15", "Desktop|macOS|Safari|17"),
    ("\(mac) \(webKit) Chrome/124.0.0.0 Safari/537.36", "Desktop|macOS|Chrome|124"),
    (
      "Mozilla/5.0 (Macintosh; Intel Mac OS X 10.15; rv:125.0) Gecko/20100101 Firefox/125.0",
      "Desktop|macOS|Firefox|125"
    ),
    (
      "\(mac) \(apple) Version/17.4 Safari/605.1.15 Ddg/17.4", "Desktop|macOS|DuckDuckGo|17"
    ),
    ("\(mac) \(apple)", "Desktop|macOS|Apple WebView|-"),
    (
      "\(mac) \(webKit) Slack/4.37.101 Chrome/122.0.6261.156 Electron/29.3.0 Safari/537.36",
      "Desktop|macOS|Slack|4"
    ),
    (
      "Mozilla/5.0 (X11; Linux x86_64) \(webKit) Chrome/124.0.0.0 Safari/537.36",
      "Desktop|Linux|Chrome|124"
    ),
    (
      "Mozilla/5.0 (X11; Ubuntu; Linux x86_64; rv:125.0) Gecko/20100101 Firefox/125.0",
      "Desktop|Linux|Firefox|125"
    ),
    (
      "Mozilla/5.0 (X11; Linux i686; rv:20.0) Gecko/20100101 Firefox/20.0 Iceweasel/20.0",
      "Desktop|Linux|Firefox|20"
    ),
    (
      "Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) \(webKit) Chrome/124.0.0.0 Safari/537.36",
      "Desktop|ChromeOS|Chrome|124"
    ),
    (
      "Opera/9.80 (Windows NT 6.1; WOW64) Presto/2.12.388 Version/12.16", "Desktop|Windows|Opera|12"
    ),
    (
      "Mozilla/5.0 (Windows NT 6.1; rv:27.3) Goanna/20140101 PaleMoon/24.3.2",
      "Desktop|Windows|Pale Moon|24"
    ),
    // iPhones and iPads.
    ("\(iPhone) \(apple) Version/17.4.1 Mobile/15E148 Safari/604.1", "Phone|iOS|Safari|17"),
    ("\(iPhone) \(apple) CriOS/124.0.6367.88 Mobile/15E148 Safari/604.1", "Phone|iOS|Chrome|124"),
    ("\(iPhone) \(apple) FxiOS/125.0 Mobile/15E148 Safari/605.1.15", "Phone|iOS|Firefox|125"),
    (
      "\(iPhone) \(apple) Version/17.0 EdgiOS/124.0.2478.50 Mobile/15E148 Safari/604.1",
      "Phone|iOS|Edge|124"
    ),
    (
      "\(iPhone) \(apple) GSA/313.0.625196268 Mobile/15E148 Safari/604.1",
      "Phone|iOS|Google app|313"
    ),
    (
      "\(iPhone) \(apple) Version/17.4 Mobile/15E148 DuckDuckGo/7 Safari/605.1.15",
      "Phone|iOS|DuckDuckGo|7"
    ),
    ("\(iPhone) \(apple) OPT/4.6.0 Mobile/15E148", "Phone|iOS|Opera|4"),
    ("\(iPhone) \(apple) Mobile/15E148", "Phone|iOS|Apple WebView|-"),
    (
      "\(iPhone) \(apple) Mobile/15E148 Instagram 329.0.0.29.90 (iPhone14,5; iOS 17_4_1; nl_NL)",
      "Phone|iOS|Instagram|329"
    ),
    (
      "\(iPhone) \(apple) Mobile/21E236 [FBAN/FBIOS;FBAV/461.0.0.30.105;FBBV/592357486;FBDV/iPhone14,5]",
      "Phone|iOS|Facebook|461"
    ),
    ("\(iPhone) \(apple) Mobile/15E148 [LinkedInApp]/9.29.5142", "Phone|iOS|LinkedIn|-"),
    ("\(iPhone) \(apple) Mobile/15E148 [Pinterest/iOS]", "Phone|iOS|Pinterest|-"),
    (
      "\(iPhone) \(apple) Mobile/15E148 Snapchat/12.82.0.39 (like Safari/8617.2.4, panda)",
      "Phone|iOS|Snapchat|12"
    ),
    (
      "\(iPhone) \(apple) Mobile/15E148 musical_ly_34.1.0 JsSdk/2.0 NetType/WIFI",
      "Phone|iOS|TikTok|-"
    ),
    (
      "\(iPhone) \(apple) Mobile/15E148 MicroMessenger/8.0.49(0x18003130) NetType/WIFI",
      "Phone|iOS|WeChat|8"
    ),
    ("\(iPhone) \(apple) Version/17.4 Mobile/15E148 Safari/604.1 Line/14.6.0", "Phone|iOS|LINE|14"),
    (
      "Mozilla/5.0 (iPod; CPU iPhone OS 6_1_5 like Mac OS X) AppleWebKit/536.26 Version/6.0 Mobile/10B400 Safari/8536.25",
      "Phone|iOS|Safari|6"
    ),
    ("\(iPad) \(apple) Version/16.6 Mobile/15E148 Safari/604.1", "Tablet|iPadOS|Safari|16"),
    // An iPad that asks for desktop pages.
    (
      "\(mac) \(apple) CriOS/124.0.6367.88 Version/17.4 Safari/605.1.15", "Tablet|iPadOS|Chrome|124"
    ),
    ("\(mac) \(apple) FxiOS/125.0 Safari/605.1.15", "Tablet|iPadOS|Firefox|125"),
    ("\(mac) \(apple) Mobile/15E148", "Tablet|iPadOS|Apple WebView|-"),
    ("MyShop/3.2 CFNetwork/1494.0.7 Darwin/23.4.0", "Phone|iOS|-|-"),
    ("MyShop/3.2 CFNetwork/1494.0.7 Darwin/23.4.0 (x86_64)", "Desktop|macOS|-|-"),
    ("klantreis-app/1.0 (iOS 17)", "Phone|iOS|-|-"),
    ("klantreis-app/1.0 (iPadOS 17.2; iPad13,1)", "Tablet|iPadOS|-|-"),
    ("klantreis-app/1.0 (watchOS 10.4; Watch6,7)", "Watch|watchOS|-|-"),
    // Android.
    ("\(android) \(webKit) Chrome/124.0.0.0 Mobile Safari/537.36", "Phone|Android|Chrome|124"),
    ("\(android) \(webKit) Chrome/124.0.0.0 Safari/537.36", "Tablet|Android|Chrome|124"),
    (
      "Mozilla/5.0 (Linux; Android 13; SM-X700) \(webKit) SamsungBrowser/24.0 Chrome/117.0.0.0 Safari/537.36",
      "Tablet|Android|Samsung Internet|24"
    ),
    (
      "\(android) \(webKit) SamsungBrowser/24.0 Chrome/117.0.0.0 Mobile Safari/537.36",
      "Phone|Android|Samsung Internet|24"
    ),
    (
      "Mozilla/5.0 (Android 14; Mobile; rv:125.0) Gecko/125.0 Firefox/125.0",
      "Phone|Android|Firefox|125"
    ),
    (
      "Mozilla/5.0 (Android 14; Tablet; rv:125.0) Gecko/125.0 Firefox/125.0",
      "Tablet|Android|Firefox|125"
    ),
    (
      "\(android) \(webKit) Chrome/124.0.0.0 Mobile Safari/537.36 EdgA/124.0.2478.50",
      "Phone|Android|Edge|124"
    ),
    (
      "\(android) \(webKit) Chrome/123.0.0.0 Mobile Safari/537.36 OPR/81.5.4292.78446",
      "Phone|Android|Opera|81"
    ),
    (
      "Mozilla/5.0 (Linux; Android 14; Pixel 8 Build/AP1A.240405.002; wv) \(webKit) Version/4.0 Chrome/124.0.6367.54 Mobile Safari/537.36",
      "Phone|Android|Android WebView|124"
    ),
    (
      "Mozilla/5.0 (Linux; Android 13; SM-S911B; wv) \(webKit) Version/4.0 Chrome/123.0 Mobile Safari/537.36 [FB_IAB/FB4A;FBAV/460.0.0.48.109;]",
      "Phone|Android|Facebook|460"
    ),
    (
      "Mozilla/5.0 (Linux; Android 13; SM-S911B; wv) \(webKit) Version/4.0 Chrome/123.0 Mobile Safari/537.36 trill_340104 BytedanceWebview/d8a21c6",
      "Phone|Android|TikTok|-"
    ),
    (
      "\(android) \(webKit) Chrome/119.0.0.0 Mobile DuckDuckGo/5 Safari/537.36",
      "Phone|Android|DuckDuckGo|5"
    ),
    (
      "\(android) \(webKit) Version/4.0 Chrome/100.0.4896.127 Mobile Safari/537.36 XiaoMi/MiuiBrowser/14.9.1-gn",
      "Phone|Android|Mi Browser|14"
    ),
    (
      "Mozilla/5.0 (Linux; U; Android 2.3.6; nl-nl; GT-S5830i) AppleWebKit/533.1 (KHTML, like Gecko) Version/4.0 Mobile Safari/533.1",
      "Phone|Android|Android Browser|4"
    ),
    (
      "Mozilla/5.0 (Linux; Android 4.4.2; Nexus 7) \(webKit) Chrome/34.0.1847.114 Safari/537.36",
      "Tablet|Android|Chrome|34"
    ),
    (
      "Mozilla/5.0 (Linux; Android 9; KFMAWI) \(webKit) Silk/108.4.6 like Chrome/108.0.5359.160 Safari/537.36",
      "Tablet|Android|Silk|108"
    ),
    (
      "Mozilla/5.0 (Linux; Android 9; CUBOT X19) \(webKit) Chrome/124.0.0.0 Mobile Safari/537.36",
      "Phone|Android|Chrome|124"
    ),
    (
      "Opera/9.80 (Android; Opera Mini/36.2.2254/119.132; U; id) Presto/2.12.423 Version/12.16",
      "Phone|Android|Opera Mini|36"
    ),
    ("Dalvik/2.1.0 (Linux; U; Android 13; SM-A536B Build/TP1A.220624.014)", "Phone|Android|-|-"),
    ("okhttp/4.12.0", "Phone|Android|-|-"),
    ("klantreis-app/1.0 (Android 14; Pixel 8)", "Phone|Android|-|-"),
    // TVs, consoles, watches and older phones.
    (
      "Mozilla/5.0 (SMART-TV; Linux; Tizen 6.0) \(webKit) Version/6.0 TV Safari/538.1",
      "TV|Tizen|Safari|6"
    ),
    (
      "Mozilla/5.0 (Web0S; Linux/SmartTV) \(webKit) Chrome/79.0.3945.79 Safari/537.36 WebAppManager",
      "TV|webOS|Chrome|79"
    ),
    (
      "Mozilla/5.0 (Linux; Android 9; BRAVIA 4K UR2 Build/PTT1) \(webKit) Chrome/92.0.4515.159 Safari/537.36",
      "TV|Android|Chrome|92"
    ),
    (
      "Mozilla/5.0 (Linux; Android 7.1.2; AFTMM Build/NS6265; wv) \(webKit) Version/4.0 Chrome/70.0.3538.110 Mobile Safari/537.36",
      "TV|Android|Android WebView|70"
    ),
    ("Roku/DVP-12.0 (12.0.0.4182-88)", "TV|Roku OS|-|-"),
    ("AppleTV11,1/11.1", "TV|tvOS|-|-"),
    (
      "Mozilla/5.0 (PlayStation; PlayStation 5/2.26) \(apple) Version/13.0 Safari/605.1.15",
      "TV|PlayStation|Safari|13"
    ),
    (
      "\(windows.dropLast()); Xbox; Xbox One) \(webKit) Chrome/64.0 Safari/537.36 Edge/18.19041",
      "TV|Xbox|Edge|18"
    ),
    (
      "Opera/9.80 (Linux armv7l; HbbTV/1.2.1 (; Philips; 40HFL; ; ) ) Presto/2.12.407 Version/12.51",
      "TV|Linux|Opera|12"
    ),
    (
      "Mozilla/5.0 (Linux; Tizen 2.3; SAMSUNG SM-R800) \(apple) Version/3.0 Mobile Safari/537.3",
      "Watch|Tizen|Safari|3"
    ),
    (
      "Mozilla/5.0 (Mobile; Nokia 8110 4G; rv:48.0) Gecko/48.0 Firefox/48.0 KAIOS/2.5",
      "Phone|KaiOS|Firefox|48"
    ),
    (
      "Mozilla/5.0 (BlackBerry; U; BlackBerry 9900; nl) AppleWebKit/534.11+ Version/7.1 Mobile Safari/534.11+",
      "Phone|BlackBerry|Safari|7"
    ),
    ("SAMSUNG-GT-E2232/1.0 Openwave/6.2.3 Profile/MIDP-2.0 Configuration/CLDC-1.1", "Phone|-|-|-"),
    (
      "Mozilla/5.0 (compatible; MSIE 10.0; Windows Phone 8.0; Trident/6.0; IEMobile/10.0; ARM; Touch; NOKIA; Lumia 920)",
      "Phone|Windows Phone|Internet Explorer|10"
    ),
    // Nothing to be said.
    ("", "-|-|-|-"), ("-", "-|-|-|-"), ("Mozilla/5.0", "-|-|-|-"), ("🦊", "-|-|-|-"),
    ("analytics-python/2.4.0", "-|-|-|-"),
  ]

  @Test("are read from what real browsers and apps call themselves", arguments: agents)
  func real(text: String, facts: String) {
    let agent = UserAgent.of(text)
    let found = [agent.device?.name, agent.system, agent.browser, agent.version]
      .map { $0 ?? "-" }.joined(separator: "|")
    #expect(found == facts)
    #expect(agent.bot == nil)
  }

  @Test("client hints name what the user agent hides")
  func hints() throws {
    var headers = [
      "user-agent": UserAgents.chrome,
      "sec-ch-ua": "\"Chromium\";v=\"124\", \"Brave\";v=\"125\", \"Not-A.Brand\";v=\"99\"",
      "sec-ch-ua-platform": "\"macOS\"", "sec-ch-ua-mobile": "?0",
    ]
    var touchpoint = try touchpoint(contextEvent(), contextRequest(headers))
    #expect(touchpoint.properties["context.browser"] == .text("Brave"))
    #expect(touchpoint.properties["context.browserVersion"] == .text("125"))
    #expect(touchpoint.properties["context.system"] == .text("macOS"))
    #expect(touchpoint.device == .desktop)
    headers["sec-ch-ua-platform"] = "\"Android\""
    headers["sec-ch-ua-mobile"] = "?1"
    touchpoint = try CollectorTests.touchpoint(contextEvent(), contextRequest(headers))
    #expect(touchpoint.device == .phone)
    #expect(touchpoint.properties["context.system"] == .text("Android"))
    headers["sec-ch-ua"] = "\"HeadlessChrome\";v=\"124\""
    guard case .rejected(.bot, _) = verdict(contextEvent(), contextRequest(headers)) else {
      Issue.record("a headless browser is taken for a person")
      return
    }
  }

  @Test(
    "broken client hints are no reason to stop",
    arguments: ["", "\"", "\"\"", "\"a\";v=\"", ";;,,\"\"\"\"\"", "\"a\"\"b\"\"c\"\"d\"\"e\""])
  func brokenHints(hint: String) throws {
    _ = try touchpoint(
      contextEvent(), contextRequest(["user-agent": UserAgents.chrome, "sec-ch-ua": hint]))
  }

  @Test("what the client itself says of its device comes first")
  func said() throws {
    let touchpoint = try touchpoint(
      contextEvent {
        $0.device.kind = "tablet"
        $0.device.system = "iOS 17.1"
        $0.device.browser = "Mobile Safari"
      })
    #expect(touchpoint.device == .tablet)
    #expect(touchpoint.properties["context.system"] == .text("iOS"))
    #expect(touchpoint.properties["context.browser"] == .text("Safari"))
  }

  @Test("a server's library says nothing of the person's device, language or privacy")
  func server() throws {
    for name in ["analytics-python/2.4.0", "python-requests/2.31.0", "okhttp/4.12.0", "node"] {
      let touchpoint = try touchpoint(
        contextEvent { $0.device.system = "Linux" },
        contextRequest(["user-agent": name, "accept-language": "en-US", "dnt": "1"]))
      #expect(touchpoint.device == nil)
      #expect(touchpoint.properties["context.language"] == nil)
      #expect(touchpoint.properties["context.gpc"] == nil)
    }
  }

  @Test("a text of a megabyte is read to its limit, and not all that ever came is remembered")
  func limits() {
    #expect(UserAgent.of(String(repeating: "x", count: 1_000_000) + " Firefox/1.0").browser == nil)
    let remembered = Remembered<Int> { $0.utf8.count }
    for number in 0..<(Limits.knownSpellings * 2 + 1) {
      #expect(remembered.value(of: "\(number)") == "\(number)".utf8.count)
      #expect(remembered.count <= Limits.knownSpellings)
    }
    let before = remembered.count
    _ = remembered.value(of: String(repeating: "x", count: Limits.nameCharacters + 1))
    #expect(remembered.count == before)
  }
}
