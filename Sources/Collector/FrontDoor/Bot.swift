/// What kind of program visits pages by itself.
package enum Bot: String, Hashable, Sendable, CaseIterable {
  case search = "a search engine's crawler"
  case ai = "an AI crawler"
  case preview = "a maker of link previews"
  case monitor = "a monitor of sites"
  case feed = "a feed reader"
  case headless = "a browser without a person"
  case crawler = "a crawler"
  /// Not known by name, but it says what it is.
  case other = "a program that calls itself a bot"
  /// A library to make requests with: a program where an event says that a person used it to see a
  /// page, and no sign of one where it only sent the event.
  case library = "an HTTP library"

  init?(of text: AgentText) {
    if text.isEmpty { return nil }
    for (kind, names) in Self.known where names.contains(where: { text.contains($0) }) {
      self = kind
      return
    }
    for name in Self.libraries where text.begins(name) {
      self = .library
      return
    }
    guard Self.callsItselfBot(text) else { return nil }
    self = .other
  }

  /// True when a program that is known by name says its name first, as no client does that sends
  /// events for people.
  static func isKnown(atStart text: AgentText) -> Bool {
    known.contains { $0.names.contains { text.begins($0) } }
  }

  private static func callsItselfBot(_ text: AgentText) -> Bool {
    // Cubot makes phones; some TVs show an address of theirs.
    if text.endsWord("bot"), !text.contains("cubot") { return true }
    if general.contains(where: { text.contains($0) }) { return true }
    return (text.contains("http://") || text.contains("https://")) && !text.contains("hbbtv")
  }

  private static let general: [StaticString] = [
    "crawl", "spider", "+http", "scraper", "fetcher", "robot", "validator", "link check",
    "linkcheck", "archiver", "feedparser", "feed parser", "wordpress.com mshots",
  ]

  private static let libraries: [StaticString] = [
    "aiohttp/", "apache-httpclient/", "axios/", "chef client/", "curl/", "deno/",
    "elinks", "faraday", "fetch libfetch/", "fetch/", "go-http-client/", "got ", "got/",
    "grequests",
    "guzzlehttp/", "http.rb/", "http_request", "httpie/", "httpunit", "indy library",
    "insomnia/", "jakarta commons-httpclient/", "java/", "java-http-client/", "libwww-perl/",
    "lwp::", "lwp-trivial/", "mozilla/3.0 (compatible; indy library)", "node-fetch/",
    "pear http_request", "perl", "php/", "php-curl", "postmanruntime/", "python-httpx/",
    "python-requests/", "python-urllib/", "python/", "reqwest/", "rest-client/", "restsharp/",
    "ruby", "scrapy/", "snoopy", "symfony", "typhoeus", "undici", "wget/", "winhttp",
    "zend_http_client", "httpx/", "hyper/",
  ]

  private static let known: [(kind: Bot, names: [StaticString])] = [
    (
      .ai,
      [
        "gptbot", "chatgpt-user", "oai-searchbot", "claudebot", "claude-web", "claude-user",
        "claude-searchbot", "anthropic-ai", "perplexitybot", "perplexity-user", "ccbot/",
        "bytespider", "amazonbot", "meta-externalagent", "meta-externalfetcher", "cohere-ai",
        "diffbot", "omgili", "youbot", "ai2bot", "mistralai-user", "timpibot", "imagesiftbot",
        "duckassistbot", "google-extended", "pangubot", "kangaroo bot", "deepseekbot",
      ]
    ),
    (
      .search,
      [
        "googlebot", "adsbot-google", "mediapartners-google", "google-inspectiontool",
        "storebot-google", "googleother", "apis-google", "google-read-aloud", "bingbot",
        "msnbot", "adidxbot", "slurp", "duckduckbot", "baiduspider", "yandexbot", "yandeximages",
        "yandexdirect", "yandex.com/bots", "sogou web spider", "sogou inst spider", "exabot",
        "seznambot", "qwantbot", "qwantify", "petalbot", "applebot", "mojeekbot", "coccocbot",
        "yeti/", "360spider", "yisouspider", "easouspider", "mail.ru_bot", "voilabot",
        "ia_archiver", "archive.org_bot", "special_archiver", "teoma", "aspiegelbot",
      ]
    ),
    (
      .preview,
      [
        "facebookexternalhit", "facebookcatalog", "facebot", "twitterbot", "linkedinbot",
        "slackbot", "slack-imgproxy", "telegrambot", "whatsapp/2", "discordbot",
        "skypeuripreview", "pinterestbot", "redditbot", "embedly", "iframely", "flipboardproxy",
        "bingpreview", "googleimageproxy", "google-pagerenderer", "google web preview", "bitlybot",
        "tumblr/", "vkshare", "quora link preview", "yahoomailproxy", "snap url preview",
        "mattermost-bot", "outbrain", "xing-contenttabreceiver", "viberbot",
      ]
    ),
    (
      .monitor,
      [
        "uptimerobot", "pingdom", "statuscake", "site24x7", "newrelicpinger", "datadogsynthetics",
        "googlestackdrivermonitoring", "better uptime", "betterstack", "checkly", "catchpoint",
        "gtmetrix", "chrome-lighthouse", "google page speed", "pagespeed", "ptst/", "dareboost",
        "hetrixtools", "freshping", "nodeping", "updown.io", "check_http", "kube-probe",
        "elb-healthchecker", "googlehc", "w3c_validator", "w3c-checklink", "appengine-google",
        "xenu link sleuth", "portscout", "internet vista", "monitis",
      ]
    ),
    (
      .feed,
      [
        "feedly", "feedburner", "feedbin", "feedfetcher", "tiny tiny rss", "theoldreader",
        "newsblur", "inoreader", "liferea", "simplepie", "netvibes", "bloglovin", "commafeed",
        "livejournal.com", "digg feed", "flipboardrss", "magpierss", "freshrss", "akregator",
        "feed fetcher", "superfeedr", "universalfeedparser", "rss reader", "newsify",
      ]
    ),
    (
      .headless,
      [
        "headlesschrome", "phantomjs", "puppeteer", "playwright", "selenium", "slimerjs",
        "cypress/", "htmlunit", "jsdom/", "prerender", "rendertron", "splash", "electronscraper",
      ]
    ),
    (
      .crawler,
      [
        "ahrefs", "semrush", "siteauditbot", "mj12bot", "dotbot", "rogerbot", "screaming frog",
        "ezooms", "blexbot", "dataforseo", "serpstat", "sistrix", "siteexplorer", "linkdex",
        "nutch", "heritrix", "masscan", "zgrab", "censys", "nmap scripting", "nikto", "sqlmap",
        "wpscan", "expanse", "magpie-crawler", "psbot", "barkrowler", "turnitin", "proximic",
        "grapeshot", "criteobot", "peer39", "ias_crawler", "adbeat", "seokicks", "zoominfobot",
        "trendictionbot", "awariobot", "neevabot", "velenpublicwebcrawler", "genieo",
        "google desktop", "superblock-denim", "distilator",
      ]
    ),
  ]
}
