import CustomerJourney

/// What kind of site brings people: an own, compact list of the international and Dutch names that
/// matter, for the rules of ``Arrival``.
enum SiteKind: Hashable, Sendable {
  case search, social, video, shopping
  /// Mail that people read in a browser or an app.
  case mail
  /// A page to pay at: who comes from it was here before.
  case payment
  case other
}

enum KnownSites {
  private static let remembered = Remembered<SiteKind> { kindOfHost($0) }
  private static let rememberedNames = Remembered<SiteKind> { kindOfName($0) }

  /// By the host of a referrer, without `www.`: `nl.search.yahoo.com`.
  static func kind(host: String) -> SiteKind { remembered.value(of: host) }

  /// By what a campaign's tag calls a source: `google`, `facebook.com`, `IG`.
  static func kind(source: String) -> SiteKind { rememberedNames.value(of: source) }

  private static func kindOfName(_ text: String) -> SiteKind {
    let name = text.lowercased().trimmed
    if let kind = names[name] ?? brands[name] { return kind }
    return name.contains(".") ? kindOfHost(PageAddress.host(name) ?? name) : .other
  }

  private static func kindOfHost(_ host: String) -> SiteKind {
    var part = host[...]
    while true {
      if let kind = hosts[String(part)] { return kind }
      guard let dot = part.firstIndex(of: ".") else { break }
      part = part[part.index(after: dot)...]
    }
    let site = PageAddress.site(host)
    return site.firstIndex(of: ".").flatMap { brands[String(site[..<$0])] } ?? .other
  }

  /// Names that belong to one company under every country's ending.
  private static let brands: [String: SiteKind] = table([
    (
      .search,
      """
      baidu bing duckduckgo ecosia google qwant seznam startpage yahoo yandex
      """
    ),
    (.social, "facebook instagram linkedin pinterest"),
    (.video, "youtube vimeo dailymotion"),
    (.shopping, "aliexpress amazon ebay etsy idealo kelkoo zalando"),
    (.payment, "adyen paypal klarna"),
  ])

  /// Hosts with all that ends in them. What is listed beats ``brands``.
  private static let hosts: [String: SiteKind] = table([
    (
      .search,
      """
      alohafind.com aol.com ask.com dogpile.com excite.com info.com kagi.com
      metager.org mojeek.com naver.com presearch.com rambler.ru search.brave.com sogou.com
      so.com swisscows.com vinden.nl daum.net lycos.com yippy.com
      com.google.android.googlequicksearchbox
      """
    ),
    (
      .social,
      """
      bsky.app discord.com facebook.com fb.com fb.me hyves.nl instagram.com l.facebook.com
      line.me linkedin.com lnkd.in lm.facebook.com mastodon.nl mastodon.social messenger.com
      nextdoor.nl nextdoor.com ok.ru pin.it pinterest.com quora.com reddit.com snapchat.com
      strava.com t.co t.me telegram.org threads.com threads.net tiktok.com tumblr.com
      twitter.com viber.com vk.com wa.me wechat.com weibo.com whatsapp.com x.com
      xing.com com.facebook.katana com.facebook.orca com.instagram.android com.linkedin.android
      com.pinterest com.reddit.frontpage com.twitter.android com.whatsapp
      com.zhiliaoapp.musically org.telegram.messenger
      """
    ),
    (
      .video,
      """
      bilibili.com dailymotion.com disneyplus.com dumpert.nl hulu.com netflix.com npo.nl
      rumble.com ted.com twitch.tv videoland.com vimeo.com wistia.com youku.com youtu.be
      youtube.com com.google.android.youtube
      """
    ),
    (
      .shopping,
      """
      beslist.be beslist.nl bol.com coolblue.be coolblue.nl fonq.nl geizhals.de kieskeurig.be
      kieskeurig.nl marktplaats.nl merchants.google.com newegg.com otto.nl pricerunner.com
      pricewatch.tweakers.net shein.com shopping.com shopping.google.com shopzilla.com temu.com
      tweedehands.nl vergelijk.nl walmart.com wehkamp.nl wish.com
      """
    ),
    (
      .mail,
      """
      mail.google.com mail.yahoo.com mail.proton.me mail.ru mail.zoho.com outlook.com
      outlook.live.com outlook.office.com outlook.office365.com webmail.kpnmail.nl
      webmail.xs4all.nl webmail.ziggo.nl mail.aol.com mail.qq.com com.google.android.gm
      com.microsoft.office.outlook
      """
    ),
    (
      .payment,
      """
      betalen.rabobank.nl bankieren.rabobank.nl buckaroo.nl buckaroo.io checkout.stripe.com
      hooks.stripe.com ideal.nl ext.ideal.nl tx.ideal.nl ideal.ing.nl ideal.abnamro.nl
      ideal.asnbank.nl ideal.bunq.com ideal.knab.nl ideal.regiobank.nl ideal.snsbank.nl
      ideal.triodos-onlinebanking.nl mollie.com multisafepay.com ogone.com pay.nl riverty.com
      in3.nl sisow.nl wero-wallet.eu
      """
    ),
    // Parts of search engines' names at which nobody searches the web.
    (
      .other,
      """
      accounts.google.com bard.google.com calendar.google.com chat.google.com
      classroom.google.com docs.google.com drive.google.com gemini.google.com groups.google.com
      keep.google.com meet.google.com notebooklm.google.com play.google.com sites.google.com
      support.google.com tagassistant.google.com answers.yahoo.com finance.yahoo.com
      """
    ),
  ])

  /// What campaign tags call a source without naming its host.
  private static let names: [String: SiteKind] = table([
    (.search, "adwords googleads google-ads google_ads bingads bing-ads microsoft-ads msn"),
    (
      .social,
      """
      bluesky fb ig insta facebook-ads facebook_ads facebookads fbads igshopping linkedin-ads
      linkedinads mastodon meta meta-ads meta_ads metaads messenger reddit redditads snapchat
      snap social threads tiktok tiktok-ads tiktokads twitter twitterads whatsapp x
      """
    ),
    (.video, "yt youtube-ads youtubeads twitch"),
    (.shopping, "beslist bol kieskeurig marktplaats pricerunner shopping vergelijk"),
  ])

  private static func table(_ rows: [(SiteKind, String)]) -> [String: SiteKind] {
    var table: [String: SiteKind] = [:]
    for (kind, words) in rows {
      for word in words.split(whereSeparator: \.isWhitespace) { table[String(word)] = kind }
    }
    return table
  }
}
